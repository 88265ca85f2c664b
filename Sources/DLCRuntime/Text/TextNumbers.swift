import DLCTensor

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Numbers as strings and strings as numbers (ONNX Cast).
enum TextNumbers {
    /// Floats as ONNX Runtime writes them, of every type: with eight significant digits, `NaN`, `INF` and `-INF`; bools are 1 and 0.
    static func written(_ x: Tensor) throws -> Tensor {
        guard x.type.isFloat else {
            let texts = try x.integers().map { x.type == .uint64 ? String(UInt64(bitPattern: $0)) : String($0) }
            return try Tensor(texts, shape: x.shape)
        }
        return try Tensor(
            texts: x.doubles().map { value in
                if value.isNaN { return Array("NaN".utf8) }
                if value.isInfinite { return Array((value < 0 ? "-INF" : "INF").utf8) }
                var text = [CChar](repeating: 0, count: 40)
                let length = withVaList([value]) { vsnprintf(&text, text.count, "%.8g", $0) }
                return text.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }
            }, shape: x.shape)
    }

    /// - Throws: where a text, but for white space around it, is no number of the type. What stands behind the point of a number
    ///   that becomes an integer is left out.
    static func read(_ x: Tensor, as type: ElementType) throws -> Tensor {
        func word(_ text: [UInt8]) -> String {
            func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
            return String(decoding: text.drop(while: isSpace).reversed().drop(while: isSpace).reversed(), as: UTF8.self)
        }
        func none(_ text: [UInt8]) -> DLCError { DLCError("'\(word(text).printable(most: 40))' is no number of \(type)") }
        switch type {
        case .string: return x
        case .float32:
            return try Tensor(
                x.mapStrings { text -> Float in
                    guard let number = Float(word(text)) else { throw none(text) }
                    return number
                }, shape: x.shape)
        case _ where type.isFloat || type == .bool:
            let numbers = try x.mapStrings { text -> Double in
                guard let number = Double(word(text)) else { throw none(text) }
                return number
            }
            return try Tensor(doubles: numbers, type: type, shape: x.shape)
        case .uint64:
            return try Tensor(
                x.mapStrings { text -> UInt64 in
                    let word = word(text)
                    guard let number = UInt64(word) ?? Double(word).flatMap({ UInt64(exactly: $0.rounded(.towardZero)) }) else {
                        throw none(text)
                    }
                    return number
                }, shape: x.shape)
        default:
            let bits = type.size * 8
            let range = type.isSigned ? Int64.min >> (64 - bits)...Int64.max >> (64 - bits) : 0...Int64.max >> (63 - bits)
            let numbers = try x.mapStrings { text -> Int64 in
                let word = word(text)
                guard let number = Int64(word) ?? Double(word).flatMap({ Int64(exactly: $0.rounded(.towardZero)) }), range.contains(number)
                else { throw none(text) }
                return number
            }
            return try Tensor(integers: numbers, type: type, shape: x.shape)
        }
    }
}
