/// A set of characters in a regular expression: what any of its parts has, or else, where it is negated, what none has.
///
/// Bytes that are no UTF-8 are in no set, negated or not.
struct RegexCharacters: Sendable {
    /// Some characters, or all others.
    struct Part: Sendable {
        var ranges: [ClosedRange<UInt32>] = []
        var test: (@Sendable (Unicode.Scalar) -> Bool)?
        var isNegated = false
        /// Whether case makes no difference.
        var folds = false

        func contains(_ code: UInt32) -> Bool {
            let isInside = folds ? RegexCharacters.variants(of: code).contains { holds($0) } : holds(code)
            return isInside != isNegated
        }

        private func holds(_ code: UInt32) -> Bool {
            if ranges.contains(where: { $0.contains(code) }) { return true }
            guard let test, let scalar = Unicode.Scalar(code) else { return false }
            return test(scalar)
        }
    }

    /// What stands for bytes that are no UTF-8.
    static let none: UInt32 = 0x11_0000

    private let parts: [Part]
    private let isNegated: Bool
    /// Whether each of the first 128 characters is in it.
    private let ascii: (low: UInt64, high: UInt64)

    init(_ parts: [Part], isNegated: Bool = false) {
        (self.parts, self.isNegated) = (parts, isNegated)
        var bits: (UInt64, UInt64) = (0, 0)
        for code in UInt32(0)..<128 where parts.contains(where: { $0.contains(code) }) != isNegated {
            if code < 64 { bits.0 |= 1 << UInt64(code) } else { bits.1 |= 1 << UInt64(code - 64) }
        }
        ascii = bits
    }

    init(_ code: UInt32, folds: Bool) { self.init([Part(ranges: [code...code], folds: folds)]) }

    func contains(_ code: UInt32) -> Bool {
        if code < 64 { return ascii.low >> UInt64(code) & 1 == 1 }
        if code < 128 { return ascii.high >> UInt64(code - 64) & 1 == 1 }
        return code != Self.none && parts.contains { $0.contains(code) } != isNegated
    }
}
