/// Elements as they stand in the text form: `(0.5, -1)` or `("a", "b")`, or `(0.5...)` where there are several and all are equal.
extension Tensor {
    func elementText(elidingAbove limit: Int? = nil) -> String {
        if let limit, count > limit { return "(…)" }
        let elements = elementTexts()
        if elements.count > 1, let first = elements.first, elements.allSatisfy({ $0 == first }) { return "(\(first)...)" }
        return "(\(elements.joined(separator: ", ")))"
    }

    /// Each element as the shortest decimal that gives the same bits, or as a string literal.
    public func elementTexts() -> [String] {
        if type == .string { return ((try? texts()) ?? []).map { Graph.literal($0) } }
        if type.isFloat { return ((try? doubles()) ?? []).map(\.description) }
        if type == .uint64 { return ((try? array(of: UInt64.self)) ?? []).map { String($0) } }
        return ((try? integers()) ?? []).map { String($0) }
    }

    /// A tensor of elements that `elementTexts` wrote.
    /// - Throws: where a word is no element of the type, or there are not as many as the shape holds.
    public init(elementTexts words: [String], type: ElementType, shape: [Int]) throws {
        func convert<T>(_ parse: (String) -> T?) throws -> [T] {
            try words.map {
                guard let value = parse($0) else { throw DLCError("\($0) is no element of \(type)") }
                return value
            }
        }
        if type == .string {
            let texts = try words.map { word in
                var scanner = TextScanner(word)
                let text = try scanner.stringBytes()
                guard scanner.isAtEnd else { throw DLCError("\(word) is no string literal") }
                return text
            }
            self = try Tensor(texts: texts, shape: shape)
        } else if type.isFloat {
            let numbers = try convert { Double($0) }
            self = try Tensor(doubles: numbers, type: type, shape: shape)
            // Conversions to this type stop at its largest number, though it has infinities.
            if type == .float8e5m2, numbers.contains(where: \.isInfinite) {
                let bytes = withUnsafeBytes { bytes in
                    zip(bytes, numbers).map { $1.isInfinite ? ($1 < 0 ? 0xfc : 0x7c) : $0 }
                }
                self = try Tensor(type: type, shape: shape) { $0.copyBytes(from: bytes) }
            }
        } else if type == .uint64 {
            self = try Tensor(convert { UInt64($0) }, shape: shape)
        } else {
            self = try Tensor(integers: convert { Int64($0) }, type: type, shape: shape)
        }
    }
}
