import CZlib
import DLCTensor

/// Pictures as PNG files (W3C, Portable Network Graphics, third edition) of 8 bits a sample.
extension Raster {
    /// The bytes of a file.
    /// - Throws: where the picture is larger than the format allows, or zlib fails.
    public func png() throws -> [UInt8] {
        guard height <= Int(Int32.max), width <= Int(Int32.max) else {
            throw DLCError("a picture of \(height) × \(width) is too large for PNG")
        }
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let colourType: UInt8 = palette != nil ? 3 : channels == 3 ? 2 : 0
        file += try Self.chunk("IHDR", Self.bigEndian(UInt32(width)) + Self.bigEndian(UInt32(height)) + [8, colourType, 0, 0, 0])
        if let palette {
            file += try Self.chunk("PLTE", palette.flatMap { [UInt8($0 >> 16 & 0xFF), UInt8($0 >> 8 & 0xFF), UInt8($0 & 0xFF)] })
        }
        file += try Self.chunk("IDAT", Self.deflated(filtered()))
        return try file + Self.chunk("IEND", [])
    }

    /// Each row after its filter's number: the filter whose differences have the least sum, as section 12.7 advises; indexes of
    /// a palette are best as they are.
    private func filtered() -> [UInt8] {
        let count = width * channels
        var result: [UInt8] = []
        result.reserveCapacity(height * (count + 1))
        var above = [UInt8](repeating: 0, count: count)
        for y in 0..<height {
            let row = Array(pixels[y * count..<(y + 1) * count])
            let filters = palette != nil ? [row] : (0..<5).map { filter in differences(row, above, filter) }
            let sums = filters.map { $0.reduce(0) { $0 + Int(Int8(bitPattern: $1).magnitude) } }
            let best = sums.indices.min { sums[$0] < sums[$1] } ?? 0
            result.append(UInt8(best))
            result += filters[best]
            above = row
        }
        return result
    }

    /// A row as differences from what a filter predicts (section 9.2): nothing, left, above, their mean, Paeth's choice.
    private func differences(_ row: [UInt8], _ above: [UInt8], _ filter: Int) -> [UInt8] {
        row.indices.map { index in
            let left = index < channels ? 0 : Int(row[index - channels])
            let up = Int(above[index])
            let corner = index < channels ? 0 : Int(above[index - channels])
            let predicted: Int
            switch filter {
            case 1: predicted = left
            case 2: predicted = up
            case 3: predicted = (left + up) / 2
            case 4:
                let (a, b, c) = (abs(up - corner), abs(left - corner), abs(left + up - 2 * corner))
                predicted = a <= b && a <= c ? left : b <= c ? up : corner
            default: predicted = 0
            }
            return UInt8(truncatingIfNeeded: Int(row[index]) - predicted)
        }
    }

    private static func chunk(_ name: String, _ data: [UInt8]) throws -> [UInt8] {
        guard data.count <= Int(Int32.max) else { throw DLCError("a picture of \(data.count) bytes is too large for PNG") }
        let body = Array(name.utf8) + data
        let checksum = body.withUnsafeBufferPointer { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
        return bigEndian(UInt32(data.count)) + body + bigEndian(checksum)
    }

    private static func deflated(_ bytes: [UInt8]) throws -> [UInt8] {
        var count = compressBound(uLong(bytes.count))
        return try [UInt8](unsafeUninitializedCapacity: Int(count)) { target, written in
            guard compress2(target.baseAddress, &count, bytes, uLong(bytes.count), Z_DEFAULT_COMPRESSION) == Z_OK else {
                throw DLCError("zlib cannot compress a picture of \(bytes.count) bytes")
            }
            written = Int(count)
        }
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
}
