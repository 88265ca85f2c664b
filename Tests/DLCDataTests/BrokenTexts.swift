import DLCTensor

@testable import DLCData

extension BrokenInputs {
    static let texts: [BrokenInput] = {
        let tokens = [WantedField("tokens", .int64, [4]), WantedField("targets", .int64, [4], classes: 3)]
        func options(_ change: (inout DataOptions) -> Void) -> DataOptions {
            var options = DataOptions()
            change(&options)
            return options
        }
        let pairs = options { ($0.text.form, $0.text.units) = (.pairs, .words) }
        let known = options { $0.encoding = DataEncoding(vocabulary: try? Vocabulary(units: .symbols, symbols: ["a", "b", "\n"])) }
        return [
            BrokenInput("text: not UTF-8", says: "a.txt: line 2", "not UTF-8", fields: tokens) {
                try $0.write([97, 10, 0xFF, 97], "a.txt")
            },
            BrokenInput("text: a scalar cut off", says: "line 1", "not UTF-8", fields: tokens) { try $0.write([97, 0xC3], "a.txt") },
            BrokenInput("text: empty", says: "holds no text", fields: tokens) { try $0.write("", "a.txt") },
            BrokenInput("text: too short", says: "has 4 symbols", "needs 5", fields: tokens) { try $0.write("abab", "a.txt") },
            BrokenInput("text: more symbols than the model", says: "4 symbols", "the model has 3", fields: tokens) {
                try $0.write("abcdabcd", "a.txt")
            },
            BrokenInput("text: a symbol that training had not", says: "line 2", "column 3", "'c'", fields: tokens, options: known) {
                try $0.write("abab\nabcab", "a.txt")
            },
            BrokenInput("text: no length", says: "how many symbols", fields: [WantedField("tokens", .int64, [nil])]) {
                try $0.write("abc", "a.txt")
            },
            BrokenInput("text: a window of nothing", says: "above 0", fields: [WantedField("tokens", .int64, [0])]) {
                try $0.write("abc", "a.txt")
            },
            BrokenInput(
                "text: two lengths", says: "[4, 5]", fields: [WantedField("tokens", .int64, [4]), WantedField("targets", .int64, [5])]
            ) {
                try $0.write("abcabcabc", "a.txt")
            },
            BrokenInput("text: windows 0 apart", says: "0 symbols apart", fields: [tokens[0]], options: options { $0.text.stride = 0 }) {
                try $0.write("abcabcabc", "a.txt")
            },
            BrokenInput("text: float field", says: "nothing fits", fields: [WantedField("x", .float32, [4])]) {
                try $0.write("abcabcabc", "a.txt")
            },
            BrokenInput("text: truncated gzip", says: "truncated", fields: tokens) { folder in
                try folder.write(Array(decoded("H4sIAAAAAAAC/0tMSk5KTgYAKLiGEQcAAAA=").dropLast(6)), "a.txt.gz")
            },
            BrokenInput("text: damaged gzip", says: "damaged", fields: tokens) {
                try $0.write([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF], "a.txt.gz")
            },
            BrokenInput("pairs: one text", says: "line 2", "has 1 text", fields: [tokens[0]], options: pairs) {
                try $0.write("a\tb\nc\n", "a.txt")
            },
            BrokenInput("pairs: three texts", says: "line 1", "has 3 texts", fields: [tokens[0]], options: pairs) {
                try $0.write("a\tb\tc\n", "a.txt")
            },
            BrokenInput("pairs: an empty text", says: "line 1", "second text is empty", fields: [tokens[0]], options: pairs) {
                try $0.write("a\t\n", "a.txt")
            },
            BrokenInput(
                "sequences: a vocabulary without marks", says: "lacks one of", fields: tokens,
                options: {
                    var options = known
                    options.text.form = .lines
                    return options
                }()
            ) { try $0.write("ab\n", "a.txt") },
        ]
    }()
}
