import DLCTensor

@testable import DLCData

extension BrokenInputs {
    static let tables: [BrokenInput] = {
        let fields = [WantedField("x", .float32, [2]), WantedField("y", .int64, [], classes: 2)]
        func table(
            _ name: String, _ text: String, says: String..., file: String = "t.csv", fields: [WantedField] = fields,
            sources: [String: String] = ["x": "a,b", "y": "c"], change: (inout DataOptions) -> Void = { _ in }
        ) -> BrokenInput {
            var options = DataOptions()
            options.sources = sources
            change(&options)
            var input = BrokenInput("table: \(name)", fields: fields, options: options) { try $0.write(text, file) }
            input.says = says
            return input
        }
        let known = DataEncoding(classNames: ["no", "yes"], categories: ["b": ["blue", "red"]])
        return [
            table("empty", "", says: "t.csv: is empty"),
            table("header alone", "a,b,c\n", says: "no rows"),
            table("ragged row", "a,b,c\n1,2,0\n1,2\n", says: "t.csv: row 3: has 2 fields; expected 3"),
            table("a field too many", "a,b,c\n1,2,0,9\n", says: "row 2", "has 4 fields"),
            table("ragged behind a broken line", "a,b,c\n1,\"2\n\",0\n1,2\n", says: "row 3 (line 4)"),
            table("another separator", "a;b;c\n1;2;0\n1,5;2;0\n", says: "row 3", "is the separator ';'?"),
            table("quote that does not end", "a,b,c\n1,\"2,0\n", says: "row 2", "column 2", "begins on line 2 does not end"),
            table("quote inside a field", "a,b,c\n1,2\"3,0\n", says: "row 2, column 2", "quote inside"),
            table("text behind a quote", "a,b,c\n1,\"2\"3,0\n", says: "row 2, column 2", "'3' after its closing quote"),
            table("carriage return alone", "a,b,c\r1,2,0\r", says: "row 1, column 3", "carriage return"),
            table("two columns of a name", "a,b,a\n1,2,0\n", says: "row 1", "two columns named 'a'"),
            table("unknown column", "a,b,d\n1,2,0\n", says: "no column 'c'", "a, b, d"),
            table("columns turned round", "a,b,c\n1,2,0\n", says: "other order", sources: ["x": "b...a", "y": "c"]),
            table("columns for no field", "a,b,c\n1,2,0\n", says: "the field z", sources: ["z": "a"]),
            table("which columns?", "a,b,c\n1,2,0\n", says: "which columns fill the field", "a, b, c", sources: [:]),
            table("missing number", "a,b,c\n1,,0\n", says: "row 2, column b", "missing"),
            table("missing number by name", "a,b,c\n1,2,0\n1, NaN ,0\n", says: "row 3, column b", "missing"),
            table("missing label", "a,b,c\n1,2,0\n1,2,\n", says: "row 3, column c", "missing"),
            table("nothing but missing", "a,b,c\n1,,0\n,2,1\n", says: "no row without") { $0.table.missing = .drop },
            table("too few columns", "a,b,c\n1,2,0\n", says: "give 1 numbers", sources: ["x": "a", "y": "c"]),
            table("categories make too many", "a,b,c\n1,red,0\n1,blue,1\n", says: "give 3 numbers", "b has 2 categories"),
            table("infinite number is a text", "a,b,c\n1,inf,0\n1,2,1\n", says: "give 3 numbers"),
            table("label out of range", "a,b,c\n1,2,0\n1,2,1\n1,2,2\n", says: "3 classes (0, 1, 2)", "the model has 2"),
            table("label beyond training's", "a,b,c\n1,2,7\n", says: "row 2, column c", "'7' is no class", "0 to 1") {
                $0.encoding = DataEncoding()
            },
            table("more classes than the model", "a,b,c\n1,2,p\n1,2,q\n1,2,r\n", says: "3 classes (p, q, r)", "the model has 2"),
            table(
                "unknown class", "a,b,c\n1,red,maybe\n", says: "row 2, column c", "'maybe' is unknown", "no, yes", fields: [fields[1]],
                sources: ["y": "c"]
            ) { $0.encoding = known },
            table(
                "unknown category", "a,b,c\n1,green,no\n", says: "row 2, column b", "'green' is unknown", "blue, red",
                fields: [WantedField("x", .float32, [3])], sources: ["x": "a,b"]
            ) { $0.encoding = known },
            table("no number where numbers were", "a,b,c\n1,x,0\n", says: "row 2, column b", "'x' is no number") {
                $0.encoding = DataEncoding()
            },
            table("number beyond f64's range", "a,b,c\n1,1e400,0\n1,2,1\n", says: "give 3 numbers"),
            table("number beyond f32's range", "a,b,c\n1,1e39,0\n1,2,1\n", says: "row 2", "x is 1e+39, element 1", "range of f32"),
            table(
                "fraction for an integer field", "a\n1.5\n", says: "row 2", "x is 1.5", fields: [WantedField("x", .int32, [1])],
                sources: ["x": "a"]),
            table("separator that is a quote", "a\n1\n", says: "cannot separate") { $0.table.separator = "\"" },
            BrokenInput("table: not UTF-8", says: "row 2, column 2", "not UTF-8", fields: fields) { folder in
                try folder.write(Array("a,b,c\n1,".utf8) + [0xFF] + Array(",0\n".utf8), "t.csv")
            },
        ]
    }()
}
