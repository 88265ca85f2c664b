import DLCTensor

/// A sound in a RIFF WAVE file (Microsoft and IBM, Multimedia programming interface 1.0, 1991; WAVE_FORMAT_EXTENSIBLE): PCM of 8, 16,
/// 24 or 32 bits, or floats of 32 or 64, read where they are asked for.
struct WAVFile: Sendable {
    let file: DataFile
    let rate: Int
    let channels: Int
    /// Samples of each channel.
    let count: Int
    private let offset: Int
    private let size: Int
    private let isFloat: Bool

    /// - Throws: where it is no such file, truncated, or coded in another way.
    init(_ path: String) throws {
        file = try DataFile(path)
        (offset, count, rate, channels, size, isFloat) = try located(path) { [file] in
            let head = try file.bytes(at: 0, count: 12)
            guard head.count == 12, head[..<4].elementsEqual("RIFF".utf8), head[8...].elementsEqual("WAVE".utf8) else {
                throw DLCError("is no WAVE file: it does not begin with RIFF and WAVE")
            }
            var format: (tag: Int, channels: Int, rate: Int, align: Int, bits: Int)?
            var position = 12
            while true {
                let chunk = try file.bytes(at: position, count: 8)
                guard chunk.count == 8 else { throw DLCError("is truncated: it has no \(format == nil ? "fmt " : "data") chunk") }
                let length = Self.integer(chunk, 4, 4)
                let start = position + 8
                if chunk[..<4].elementsEqual("fmt ".utf8) {
                    let fields = try file.bytes(at: start, count: min(length, 40))
                    guard fields.count >= 16 else { throw DLCError("has a fmt chunk of \(fields.count) bytes; expected 16 or more") }
                    var tag = Self.integer(fields, 0, 2)
                    if tag == 0xFFFE, fields.count >= 26 { tag = Self.integer(fields, 24, 2) }
                    format = (
                        tag, Self.integer(fields, 2, 2), Self.integer(fields, 4, 4), Self.integer(fields, 12, 2),
                        Self.integer(fields, 14, 2)
                    )
                } else if chunk[..<4].elementsEqual("data".utf8) {
                    guard let format else { throw DLCError("has its data before its format") }
                    let isKnown =
                        format.tag == 1 && [8, 16, 24, 32].contains(format.bits) || format.tag == 3 && [32, 64].contains(format.bits)
                    guard isKnown else {
                        throw DLCError(
                            """
                            is coded by format \(format.tag) with \(format.bits) bits; expected PCM of 8, 16, 24 or 32, or floats of 32 \
                            or 64
                            """
                        )
                    }
                    guard format.channels > 0, format.rate > 0, format.align == format.channels * format.bits / 8 else {
                        throw DLCError(
                            """
                            has \(format.channels) channels at \(format.rate) Hz, \(format.align) bytes together; expected \
                            \(format.channels * format.bits / 8)
                            """
                        )
                    }
                    guard length <= file.size - start else {
                        throw DLCError("is truncated: its data have \(length) bytes, \(file.size - start) are there")
                    }
                    return (start, length / format.align, format.rate, format.channels, format.bits / 8, format.tag == 3)
                }
                position = start + length + length % 2
            }
        }
    }

    private static func integer(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> Int {
        (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    /// Samples of all channels' mean from `start` on, −1…1; behind the end zeros.
    func samples(_ start: Int, count wanted: Int) throws -> [Float] {
        let there = max(0, min(wanted, count - start))
        let bytes = try file.bytes(at: offset + start * channels * size, count: there * channels * size)
        guard bytes.count == there * channels * size else { throw DLCError("was shortened while it was read", at: [file.path]) }
        var result = [Float](repeating: 0, count: wanted)
        for index in 0..<there {
            var sum = 0.0
            for channel in 0..<channels {
                let sample = sample(bytes, (index * channels + channel) * size)
                guard sample.isFinite else { throw DLCError("sample \(start + index) is \(sample)", at: [file.path]) }
                sum += sample
            }
            result[index] = Float(sum / Double(channels))
        }
        return result
    }

    private func sample(_ bytes: [UInt8], _ offset: Int) -> Double {
        if size == 1 { return (Double(bytes[offset]) - 128) / 128 }
        if size == 8 { return Double(bitPattern: (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[offset + $1]) << (8 * $1) }) }
        let word = (0..<size).reduce(UInt32(0)) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) }
        if isFloat { return Double(Float(bitPattern: word)) }
        // The sample's sign bit moves to the top; the scale is one for all widths.
        return Double(Int32(bitPattern: word << (32 - 8 * UInt32(size)))) / 0x1p31
    }
}
