/// Swift identifiers for the names of models, inputs and outputs.
enum SwiftNames {
    /// A type's name in UpperCamelCase: `mobilenet_v2` → `MobilenetV2`.
    static func type(_ name: String) -> String {
        let words = words(name)
        var result = words.map(capitalized).joined()
        if result.first?.isLetter != true { result = "Model" + result }
        return takenTypes.contains(result) ? result + "Model" : result
    }

    /// Distinct names in lowerCamelCase, keywords in backquotes: `Input3` → `input3`, `in` → `` `in` ``.
    static func values(_ names: [String]) -> [String] {
        var taken = Set<String>()
        return names.map { name in
            let words = words(name)
            var base = (words.first.map { lowercased($0) } ?? "") + words.dropFirst().map(capitalized).joined()
            if base.first?.isLetter != true { base = "value" + base }
            if unusable.contains(base) { base += "Value" }
            var candidate = base
            var number = 2
            while !taken.insert(candidate).inserted {
                candidate = "\(base)_\(number)"
                number += 1
            }
            return keywords.contains(candidate) ? "`\(candidate)`" : candidate
        }
    }

    /// The runs of ASCII letters and digits.
    private static func words(_ name: String) -> [String] {
        name.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.map(String.init)
    }

    private static func capitalized(_ word: String) -> String { word.prefix(1).uppercased() + word.dropFirst() }

    /// `Input3` → `input3`, `URL` → `url`, `NHWCImage` → `nhwcImage`.
    private static func lowercased(_ word: String) -> String {
        let capitals = word.prefix { $0.isUppercase }
        if capitals.count <= 1 || capitals.count == word.count { return capitals.lowercased() + word.dropFirst(capitals.count) }
        let followsDigit = word.dropFirst(capitals.count).first?.isNumber == true
        let length = followsDigit ? capitals.count : capitals.count - 1
        return word.prefix(length).lowercased() + word.dropFirst(length)
    }

    /// Types that the generated source itself names.
    private static let takenTypes: Set<String> = [
        "Any", "Bundle", "CompiledModel", "DLCError", "Int", "NSLock", "Outputs", "Self", "Sendable", "Session", "Sessions", "String",
        "Tensor", "Type", "Protocol",
    ]

    /// Names that are no property even in backquotes.
    private static let unusable: Set<String> = ["self", "init", "Type"]

    private static let keywords: Set<String> = [
        "actor", "as", "associatedtype", "async", "await", "break", "case", "catch", "class", "continue", "default", "defer",
        "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import",
        "in", "inout", "internal", "is", "let", "nil", "nonisolated", "operator", "precedencegroup", "private", "protocol", "public",
        "repeat", "rethrows", "return", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
        "typealias", "var", "where", "while",
    ]
}
