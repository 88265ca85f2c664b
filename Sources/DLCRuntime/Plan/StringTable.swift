import DLCTensor

/// How a constant of strings lies in a plan's file: the number of bytes of each string, four little-endian bytes each, then the
/// strings without gaps.
enum StringTable {
    static func byteCount(_ tensor: Tensor) throws -> Int { try tensor.texts().reduce(4 * tensor.count) { try Checked.add($0, $1.count) } }

    static func encoded(_ tensor: Tensor) throws -> [UInt8] {
        let texts = try tensor.texts()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(texts.reduce(4 * texts.count) { $0 + $1.count })
        for text in texts { withUnsafeBytes(of: UInt32(text.count).littleEndian) { bytes += $0 } }
        for text in texts { bytes += text }
        return bytes
    }

    /// - Throws: where the strings are not exactly the bytes.
    static func decoded(_ bytes: UnsafeRawBufferPointer, count: Int) throws -> Tensor {
        var end = 4 * count
        var texts: [[UInt8]] = []
        texts.reserveCapacity(count)
        for index in 0..<count {
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
            guard length <= bytes.count - end else { throw DLCError("the file is damaged: a string of \(length) bytes reaches outside its constant") }
            texts.append(Array(bytes[end..<end + length]))
            end += length
        }
        guard end == bytes.count else { throw DLCError("the file is damaged: a constant of strings has \(bytes.count) bytes, not \(end)") }
        return try Tensor(texts: texts, shape: [count])
    }
}
