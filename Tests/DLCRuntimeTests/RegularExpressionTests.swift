import DLCRuntime
import Testing

/// What RE2 says, through ONNX Runtime's RegexFullMatch; `Tools/judges/strings.py` compares more.
@Suite struct RegularExpressionTests {
    static let figures: [(pattern: String, matches: [String], others: [String])] = [
        ("", [""], ["a"]),
        (#"www\.[\w.-]+\.\bcom\b"#, ["www.google.com"], ["www.google.org", "www..comx"]),
        ("(a|b)*c?", ["", "abba", "abc"], ["acb"]),
        ("(?i)k+", ["kK\u{212a}"], ["x"]),
        ("(?i)[^a-z]", ["1", "ä"], ["a", "Z", "\u{17f}"]),
        (#"\x{65}\x{301}"#, ["e\u{301}"], ["\u{e9}"]),
        ("a.b", ["axb", "aäb"], ["a\nb"]),
        ("(?s)a.b", ["a\nb"], []),
        ("(?m)a$\n^b", ["a\nb"], []),
        ("a$\nb", [], ["a\nb"]),
        (#"\p{Greek}\p{^Greek}\P{Lu}\pN"#, ["σab1", "Σäx٣"], ["aab1", "σσb1"]),
        ("[]a-]+", ["]-a"], ["b"]),
        ("a{,2}|b{2,}", ["a{,2}", "bbb"], ["aa", "b"]),
        (#"\Q.*\E*"#, [".", ".**"], ["ab"]),
        (#"[[:^alpha:]\d]+[[:upper:]]"#, ["1-A"], ["aA"]),
        (#"\101\07"#, ["A\u{07}"], []),
        ("(?:a(?i)b)b", ["aBb"], ["aBB", "ABb"]),
        ("(?:(?:a*)*)*b", [String(repeating: "a", count: 2000) + "b"], [String(repeating: "a", count: 2000)]),
    ]

    @Test(arguments: figures.indices) func matchesWhatRE2Does(_ index: Int) throws {
        let (pattern, matches, others) = Self.figures[index]
        let expression = try RegularExpression(pattern)
        for text in matches { #expect(expression.matchesWhole(of: Array(text.utf8)), "\(pattern) and \(text)") }
        for text in others { #expect(!expression.matchesWhole(of: Array(text.utf8)), "\(pattern) and \(text)") }
    }

    @Test func bytesThatAreNoTextMatchNothing() throws {
        for pattern in ["(?s).*", "[^a]*", #"\PL+"#] {
            #expect(try !RegularExpression(pattern).matchesWhole(of: [0x61, 0xff]))
            #expect(try !RegularExpression(pattern).matchesWhole(of: [0xc3]))
        }
    }

    @Test(arguments: [
        "(", ")", "(?", "(?x)a", "a**", "a+*", "*a", "a{1001}", "a{2,1}", "[", "[a", "[b-a]", #"[a-\d]"#, "[[:foo:]]", #"\"#, #"\1"#, #"\8"#, #"\y"#,
        #"\pX"#, #"\p{Klingon}"#, #"\p{"#, "(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(?P<1-x>a)", "(?P=a)", #"\x{110000}"#, #"\xg"#, #"\x{}"#, #"\C"#,
        "(?P<n", "((a{1000}){1000}){1000}", "(?:(?:(?:){1000}){1000}){1000}",
        String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000),
    ])
    func whatRE2HasNotIsAnError(_ pattern: String) {
        let error = #expect(throws: DLCError.self) { try RegularExpression(pattern) }
        #expect(error?.description.contains("expression '") ?? false)
    }
}
