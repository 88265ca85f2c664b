import CKernels
import DLCTensor

/// What encoded pictures hold. The runtime itself decodes none, so that apps need no libraries for it: `DLCData` brings a decoder along,
/// which is there wherever a program holds that module (`dlc_pictures.h`).
package enum PictureDecoding {
    /// What the channels of a pixel are. Raw values are those of the plan file.
    package enum Format: Int, Sendable, CaseIterable {
        case rgb = 0, bgr = 1, grayscale = 2

        package var channels: Int { self == .grayscale ? 1 : 3 }
    }

    /// The pixels `[height, width, channels]` of a picture in a file's bytes `u8[N]`: an alpha channel is dropped, 16 bits are reduced to 8.
    /// - Throws: where the bytes are no whole picture of a known format, it is too large, or there is no decoder.
    package static func decode(_ encoded: Tensor, _ format: Format) throws -> Tensor {
        guard encoded.type == .uint8, encoded.rank == 1 else {
            throw DLCError("an encoded picture is \(encoded.type)\(encoded.shape); expected u8[N]")
        }
        guard let decoder = dlc_registered_picture_decoder() else {
            throw DLCError("this program holds no decoder for pictures; link DLCData with the package trait Images")
        }
        var (height, width, channels): (Int32, Int32, Int32) = (0, 0, 0)
        var pixels: UnsafeMutablePointer<UInt8>?
        let room = 256
        var message = [CChar](repeating: 0, count: room)
        let done = encoded.withUnsafeBytes { bytes in
            decoder(
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, &height, &width, &channels, &pixels, &message, room)
        }
        defer { dlc_free_pixels(pixels) }
        guard done != 0, let pixels else {
            throw DLCError("picture: " + String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        let shape = [Int(height), Int(width), format.channels]
        let count = Int(height) * Int(width)
        return try Tensor(type: .uint8, shape: shape) { target in
            for pixel in 0..<count {
                let from = pixels + pixel * Int(channels)
                let (red, green, blue) = channels == 3 ? (from[0], from[1], from[2]) : (from[0], from[0], from[0])
                switch format {
                case .rgb: (target[pixel * 3], target[pixel * 3 + 1], target[pixel * 3 + 2]) = (red, green, blue)
                case .bgr: (target[pixel * 3], target[pixel * 3 + 1], target[pixel * 3 + 2]) = (blue, green, red)
                case .grayscale: target[pixel] = channels == 3 ? luma(red, green, blue) : red
                }
            }
        }
    }

    /// Luma of ITU-R BT.601 in Pillow's fixed-point form.
    private static func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
        var sum: UInt32 = 32768
        sum += UInt32(red) * 19595
        sum += UInt32(green) * 38470
        sum += UInt32(blue) * 7471
        return UInt8(sum >> 16)
    }
}
