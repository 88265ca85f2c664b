import DLCTensor
import Testing

@testable import DLCData

@Suite struct CSVReading {
    private func records(_ text: String, separator: UInt8 = UInt8(ascii: ","), chunk: Int = 1 << 20) throws -> [[String]] {
        try withTemporaryFolder { folder in
            var reader = try CSVReader(DataFile(folder.write(text, "a.csv")), separator: separator, chunk: chunk)
            var records: [[String]] = []
            while let record = try reader.next() { records.append(record.fields) }
            return records
        }
    }

    /// As `list(csv.reader(io.StringIO(text, newline=''), strict=True))` of Python 3.11 reads them.
    @Test(arguments: [1, 2, 3, 1 << 20]) func recordsArePythons(chunk: Int) throws {
        let cases: [(String, [[String]])] = [
            ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
            ("a,b\r\n1,2", [["a", "b"], ["1", "2"]]),
            ("\"x,\"\"y\"\"\",\"line\nbreak\"\r\n,\r\n", [["x,\"y\"", "line\nbreak"], ["", ""]]),
            ("\"\",a\n\"\"\"\",\" \"\n", [["", "a"], ["\"", " "]]),
            (" a , b\n\u{E4}\u{1F600},\"\u{E9}\r\n\"\n", [[" a ", " b"], ["\u{E4}\u{1F600}", "\u{E9}\r\n"]]),
        ]
        for (text, expected) in cases { #expect(try records(text, chunk: chunk) == expected) }
        #expect(try records("\u{FEFF}a\tb,c\n", separator: 9, chunk: chunk) == [["a", "b,c"]])
    }
}

@Suite struct TableDatasets {
    private static let iris = """
        sepal,petal,colour,species,note
        5.1,1.4,red,setosa,small one
        7.0,,blue,versicolor,"a, b"
        6.3,6,red,virginica,a b c
        -4e-1,1,NA,setosa,a

        """
    private let x = WantedField("x", .float32, [nil])
    private let y = WantedField("y", .int64, [], classes: 3)

    private func options(_ missing: TableOptions.Missing, _ sources: [String: String]) -> DataOptions {
        var options = DataOptions()
        (options.table.missing, options.sources) = (missing, sources)
        return options
    }

    @Test func columnsByNameWithMeansForWhatIsMissing() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write(Self.iris, "iris.csv")
            let options = options(.mean, ["x": "sepal...colour", "y": "species"])
            let data = try Datasets.open(path, wanting: [x, y], options: options)
            #expect(data.count == 4 && data.classNames == ["setosa", "versicolor", "virginica"])
            #expect(try data.labels() == [0, 1, 2, 0])
            let batch = try data.batch([3, 1])
            // Two numbers, then blue and red.
            let expected: [Float] = [-0.4, 1, 0, 1, 7, 2.8, 1, 0]
            #expect(try batch["x"]?.array(of: Float.self) == expected)
            #expect(batch["x"]?.shape == [2, 4])
            #expect(try batch["y"]?.numbers == [0, 1])
            // Other rows take the training part's means, categories and classes.
            let other = try folder.write("colour,species,sepal,petal\nblue,virginica,1,\n", "other.csv")
            let sources = ["x": "sepal,petal,colour", "y": "species"]
            var following = options
            following.sources = sources
            let validation = try Datasets.open(other, wanting: [x, y], options: following.following(data))
            let row: [Float] = [1, 2.8, 1, 0]
            #expect(try validation.batch([0])["x"]?.array(of: Float.self) == row)
            #expect(try validation.labels() == [2])
            try Datasets.check(training: data, validation: validation)
        }
    }

    @Test func rowsWithMissingValuesAreDropped() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write(Self.iris, "iris.csv")
            let data = try Datasets.open(path, wanting: [x, y], options: options(.drop, ["x": "sepal,petal", "y": "species"]))
            #expect(data.count == 3)
            let rows: [Float] = [6.3, 6, -0.4, 1]
            #expect(try data.batch([1, 2])["x"]?.array(of: Float.self) == rows)
            #expect(try data.labels() == [0, 2, 0])
        }
    }

    @Test func whatIsLeftIsForTheOnlyFieldThatTakesIt() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write("a;b;c\n1;2;no\n3;4;yes\n", "t.csv")
            var options = DataOptions()
            options.table.separator = ";"
            let data = try Datasets.open(
                path, wanting: [WantedField("in", .float64, [2]), WantedField("out", .int32, [])], options: options)
            #expect(try data.batch([1])["in"]?.numbers == [3, 4])
            #expect(data.classNames == ["no", "yes"])
            #expect(data.fields[0].channelAxis == 0)
        }
    }

    @Test func tablesWithoutHeaderAndNumberedClasses() throws {
        try withTemporaryFolder { folder in
            // gzip of Python of "1.5\t0\t2\n2.5\t1\t3\n".
            let path = try folder.write(decoded("H4sIAAAAAAACAzPUM+U04DTiMgLShpzGXAAsg+S6EAAAAA=="), "t.tsv.gz")
            let target = WantedField("target", .float32, [])
            let fields = [WantedField("x", .float32, [1]), WantedField("y", .int64, [], classes: 2), target]
            let data = try Datasets.open(path, wanting: fields, options: options(.refuse, ["x": "1", "y": "2", "target": "3"]))
            let batch = try data.batch([0, 1])
            #expect(try batch["x"]?.numbers == [1.5, 2.5] && batch["y"]?.numbers == [0, 1] && batch["target"]?.numbers == [2, 3])
            #expect(batch["target"]?.shape == [2])
            #expect(data.classNames.isEmpty)
            // 1 and 2 are no numbers below 2: categories.
            let shifted = try folder.write("1.5,1\n2.5,2\n", "s.csv")
            let classes = try Datasets.open(shifted, wanting: Array(fields[..<2]), options: options(.refuse, ["x": "1", "y": "2"]))
            #expect(try classes.labels() == [0, 1])
            #expect(classes.classNames == ["1", "2"])
        }
    }

    @Test func textColumnsAreSymbols() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write(Self.iris, "iris.csv")
            var options = options(.refuse, ["words": "note", "words_mask": "note", "y": "species"])
            options.text.units = .words
            let fields = [WantedField("words", .int64, [nil]), WantedField("words_mask", .float32, [nil]), y]
            let data = try Datasets.open(path, wanting: fields, options: options)
            let vocabulary = try #require(data.encoding.vocabulary)
            #expect(vocabulary.symbols == ["<pad>", "<start>", "<end>", "<unknown>", "a", "b", ",", "c", "one", "small"])
            let batch = try data.batch([2, 3])
            #expect(try batch["words"]?.numbers == [4, 5, 7, 4, 0, 0])
        }
    }

    @Test func rowsAreFoundWhereTheyAre() throws {
        try withTemporaryFolder { folder in
            let rows = (0..<500).map { "\($0),\"two\nlines \($0)\"" }
            let table = try Table(folder.write("n,t\r\n" + rows.joined(separator: "\r\n"), "t.csv"), TableOptions())
            #expect(table.count == 500)
            let found = try table.rows([499, 0, 7, 8, 30, 7, 7])
            #expect(found.map { $0.fields[0] } == ["499", "0", "7", "8", "30", "7", "7"])
            #expect(found.map(\.row) == [501, 2, 9, 10, 32, 9, 9])
            #expect(found.map(\.line) == [1000, 2, 16, 18, 62, 16, 16])
        }
    }
}
