/// Fowler, Noll and Vo's hash FNV-1a of 64 bits: tells texts and data apart that were changed by mistake, not on purpose.
struct TextHash {
    private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    mutating func add(_ text: String) { Array(text.utf8).withUnsafeBytes { add($0) } }
    mutating func add(_ number: UInt64) { withUnsafeBytes(of: number.littleEndian) { add($0) } }

    /// In hexadecimal digits.
    var text: String { String(hash, radix: 16) }
}
