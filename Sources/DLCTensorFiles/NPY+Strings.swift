import DLCTensor

/// Arrays of strings: NumPy's `U`, characters of four bytes, and `S`, bytes; both of one length, filled up with zeros, which a string
/// therefore cannot end in.
struct NPYStrings {
    /// Characters or bytes of an element.
    let length: Int
    let isUnicode: Bool

    var elementSize: Int { isUnicode ? length * 4 : length }
    var description: String { isUnicode ? "<U\(length)" : "|S\(length)" }

    /// Of a file's `descr`, such as `<U10`; nil where it is something else.
    init?(_ description: String) {
        guard let order = description.first, let kind = description.dropFirst().first, let length = Int(description.dropFirst(2)), (0..<1 << 40).contains(length),
            kind == "S" || (kind == "U" && (order == "<" || length == 0))
        else { return nil }
        (self.length, isUnicode) = (length, kind == "U")
    }

    /// What holds all strings of a tensor.
    /// - Throws: where a string ends in a zero, or an array of the longest string would be much larger than the strings.
    init(_ texts: [[UInt8]]) throws {
        if texts.contains(where: { $0.last == 0 }) { throw DLCError("a string ends in a zero, which npy cannot say") }
        let strings = texts.map { String(validating: $0, as: UTF8.self) }
        isUnicode = strings.allSatisfy { $0 != nil }
        length = max(1, isUnicode ? strings.map { $0?.unicodeScalars.count ?? 0 }.max() ?? 0 : texts.map(\.count).max() ?? 0)
        let bytes = try Checked.multiply(texts.count, Checked.multiply(length, 4))
        guard bytes <= 1 << 32 else { throw DLCError("strings of up to \(length) characters would take \(bytes) bytes as npy") }
    }

    /// The strings of as many elements as there are.
    func texts(_ bytes: ArraySlice<UInt8>, count: Int) throws -> [[UInt8]] {
        try (0..<count).map { index in
            let element = bytes.dropFirst(index * elementSize).prefix(elementSize)
            if !isUnicode { return Array(element.prefix(element.lastIndex { $0 != 0 }.map { $0 + 1 - element.startIndex } ?? 0)) }
            var codes: [UInt32] = []
            for place in stride(from: element.startIndex, to: element.endIndex, by: 4) {
                codes.append((0..<4).reduce(0) { $0 | UInt32(element[place + $1]) << UInt32(8 * $1) })
            }
            while codes.last == 0 { codes.removeLast() }
            var text = String.UnicodeScalarView()
            for code in codes {
                guard let scalar = Unicode.Scalar(code) else { throw DLCError("string \(index) has a character \(code), which Unicode has not") }
                text.append(scalar)
            }
            return Array(String(text).utf8)
        }
    }

    func encoded(_ texts: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(texts.count * elementSize)
        for text in texts {
            let end = bytes.count + elementSize
            if isUnicode {
                for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
                    for place in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: scalar.value >> UInt32(8 * place))) }
                }
            } else {
                bytes += text
            }
            bytes += [UInt8](repeating: 0, count: end - bytes.count)
        }
        return bytes
    }
}
