/// The cyclic redundancy check of Castagnoli's polynomial (RFC 3720, appendix B.4), as record files use it.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { (byte: UInt32) -> UInt32 in
        (0..<8).reduce(byte) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
    }

    static func checksum(of bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in crc >> 8 ^ table[Int((crc ^ UInt32(byte)) & 0xFF)] }
    }

    /// Turned and shifted, so that the checksum of bytes that hold checksums is none of those (TensorFlow, `lib/hash/crc32c.h`).
    static func masked(of bytes: some Sequence<UInt8>) -> UInt32 {
        let crc = checksum(of: bytes)
        return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
    }
}
