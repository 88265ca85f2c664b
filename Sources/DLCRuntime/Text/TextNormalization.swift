import DLCTensor

/// Stop words left out, and case changed (ONNX StringNormalizer).
///
/// Case is changed character by character by Unicode's simple mappings, as C libraries do, so texts keep their number of
/// characters: ß stays. Of locales Turkish and Azeri have mappings of their own; the others have Unicode's.
struct TextNormalization: Sendable {
    /// Raw values are those of the plan file.
    enum CaseChange: Int, Sendable { case none, lower, upper }

    private let change: CaseChange
    private let isCaseSensitive: Bool
    private let isTurkic: Bool
    private let stopWords: Set<[UInt8]>

    /// - Parameter locale: such as `tr_TR.UTF-8`; empty for none.
    init(_ change: CaseChange, isCaseSensitive: Bool, locale: String, stopWords: [String]) throws {
        (self.change, self.isCaseSensitive) = (change, isCaseSensitive)
        let language = locale.prefix { $0.isLetter }.lowercased()
        let isTurkic = language == "tr" || language == "az"
        self.isTurkic = isTurkic
        let words = stopWords.map { Array($0.utf8) }
        self.stopWords = Set(isCaseSensitive ? words : try words.map { try Self.changed($0, to: .lower, isTurkic) })
    }

    /// - Throws: where x is neither `[C]` nor `[1, C]`, or a string whose case matters is no UTF-8.
    func apply(to x: Tensor) throws -> Tensor {
        guard x.rank == 1 || (x.rank == 2 && x.shape[0] == 1) else { throw DLCError("x is \(x.type)\(x.shape); expected [C] or [1, C]") }
        let results = try x.mapStrings { text -> [UInt8]? in
            if !stopWords.isEmpty {
                if stopWords.contains(isCaseSensitive ? text : try Self.changed(text, to: .lower, isTurkic)) { return nil }
            }
            return change == .none ? text : try Self.changed(text, to: change, isTurkic)
        }
        if stopWords.isEmpty { return try Tensor(texts: results.map { $0 ?? [] }, shape: x.shape) }
        var kept = results.compactMap { $0 }
        // Where nothing remains, it is one empty text.
        if kept.isEmpty { kept = [[]] }
        return try Tensor(texts: kept, shape: x.shape.dropLast() + [kept.count])
    }

    private static func changed(_ text: [UInt8], to change: CaseChange, _ isTurkic: Bool) throws -> [UInt8] {
        if !isTurkic, text.allSatisfy({ $0 < 0x80 }) {
            let letters: ClosedRange<UInt8> = change == .lower ? 0x41...0x5a : 0x61...0x7a
            return text.map { letters.contains($0) ? $0 ^ 0x20 : $0 }
        }
        guard let string = String(validating: text, as: UTF8.self) else { throw DLCError("is no UTF-8, so its case is unknown") }
        var result = String.UnicodeScalarView()
        for scalar in string.unicodeScalars {
            switch (scalar.value, change) {
            case (0x49, .lower) where isTurkic: result.append("\u{131}")
            case (0x69, .upper) where isTurkic: result.append("\u{130}")
            case (_, .lower): result.append(scalar.simpleLowercase)
            default: result.append(scalar.simpleUppercase)
            }
        }
        return Array(String(result).utf8)
    }
}

extension Unicode.Scalar {
    /// Unicode's simple mapping: one character for one.
    var simpleLowercase: Unicode.Scalar {
        if value < 0x80 { return (0x41...0x5a).contains(value) ? Unicode.Scalar(UInt8(value) ^ 0x20) : self }
        // I with a dot is the only one whose full mapping has more than one.
        if value == 0x130 { return "i" }
        return Self.only(properties.lowercaseMapping) ?? self
    }

    var simpleUppercase: Unicode.Scalar {
        if value < 0x80 { return (0x61...0x7a).contains(value) ? Unicode.Scalar(UInt8(value) ^ 0x20) : self }
        // Greek letters with iota below become two capitals in full; alone they have the title form.
        return Self.only(properties.uppercaseMapping) ?? Self.only(properties.titlecaseMapping) ?? self
    }

    private static func only(_ text: String) -> Unicode.Scalar? {
        text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
    }
}
