import DLC
#if Images
import CImage
#endif

/// How pixels become numbers: (p/255 - mean) / std, per channel or one for all.
struct Normalization {
    var mean: [Double]
    var std: [Double]

    /// - Throws: where a list is not of numbers, or a deviation is not above 0.
    init(mean: String?, std: String?) throws {
        func numbers(_ text: String, _ what: String) throws -> [Double] {
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let values = parts.compactMap { Double($0.filter { $0 != " " }) }
            guard values.count == parts.count, values.allSatisfy(\.isFinite) else {
                throw DLCError("\(what) is '\(text)'; expected numbers with commas between")
            }
            return values
        }
        self.mean = try mean.map { try numbers($0, "mean") } ?? [0]
        self.std = try std.map { try numbers($0, "std") } ?? [1]
        guard self.std.allSatisfy({ $0 > 0 }) else { throw DLCError("std is \(self.std); expected numbers above 0") }
    }
}

/// Decoded pixels of 0…255: [height, width, channels], one channel (grey) or three (red, green, blue).
struct Picture {
    var height: Int
    var width: Int
    var channels: Int
    var pixels: [Float]
}

extension Picture {
    /// Decodes a PNG or JPEG file.
    /// - Throws: where it cannot be read, is neither, or is damaged.
    init(contentsOf path: String) throws {
        #if Images
        var image = dlc_image()
        defer { dlc_image_free(&image) }
        guard dlc_image_read(path, &image) == 1, let bytes = image.pixels else {
            throw DLCError(withUnsafeBytes(of: image.error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        height = Int(image.height)
        width = Int(image.width)
        channels = Int(image.channels)
        pixels = UnsafeBufferPointer(start: bytes, count: height * width * channels).map(Float.init)
        #else
        throw DLCError("pictures need dlc built with the trait Images")
        #endif
    }

    /// The picture as an input: channels first ([N, C, H, W], [C, H, W]) or last, C of 1 or 3, or [H, W]; stretched to
    /// the input's height and width. Floats are normalized; integers take the pixels as they are.
    func tensor(for port: Plan.Port, _ normalization: Normalization) throws -> Tensor {
        let shape = port.shape.map(\.constant)
        let form = try Self.form(shape, port)
        let (wantedHeight, wantedWidth) = (form.height ?? height, form.width ?? width)
        guard try Checked.count([wantedHeight, wantedWidth, width, 4]) <= 1 << 40, wantedHeight > 0, wantedWidth > 0 else {
            throw DLCError("\(height)×\(width) pixels cannot be stretched to \(wantedHeight)×\(wantedWidth)")
        }
        let wanted = recolored(form.channels).resized(height: wantedHeight, width: wantedWidth)
        let isNormalized = port.type.isFloat
        guard isNormalized || port.type == .uint8 else {
            throw DLCError("input \(port.name) is \(port.summary); pictures are fed to floats or u8")
        }
        for list in [normalization.mean, normalization.std] where list.count != 1 && list.count != form.channels {
            throw DLCError("\(list.count) means or deviations are given for \(form.channels) channels")
        }
        var values = [Float](repeating: 0, count: wanted.pixels.count)
        let area = wanted.height * wanted.width
        for channel in 0..<form.channels {
            let mean = Float(normalization.mean[normalization.mean.count == 1 ? 0 : channel])
            let std = Float(normalization.std[normalization.std.count == 1 ? 0 : channel])
            for pixel in 0..<area {
                let value = wanted.pixels[pixel * form.channels + channel]
                values[form.isChannelsFirst ? channel * area + pixel : pixel * form.channels + channel] =
                    isNormalized ? (value / 255 - mean) / std : value.rounded()
            }
        }
        let extents = [form.channels, wanted.height, wanted.width]
        let ordered = form.isChannelsFirst ? extents : [extents[1], extents[2], extents[0]]
        let full = shape.count == 4 ? [1] + ordered : shape.count == 3 ? ordered : [wanted.height, wanted.width]
        return try Tensor(values, shape: full).converted(to: port.type)
    }

    private struct Form {
        var isChannelsFirst: Bool
        var channels: Int
        var height: Int?
        var width: Int?
    }

    private static func form(_ shape: [Int?], _ port: Plan.Port) throws -> Form {
        let failure = DLCError(
            "input \(port.name) is \(port.summary); a picture is fed to [1, C, H, W], [1, H, W, C], [C, H, W], [H, W, C] with C of 1 or 3, or [H, W]")
        if shape.count == 2 { return Form(isChannelsFirst: true, channels: 1, height: shape[0], width: shape[1]) }
        guard (3...4).contains(shape.count), shape.count == 3 || shape[0] == nil || shape[0] == 1 else { throw failure }
        let last = Array(shape.suffix(3))
        if let channels = last[0], channels == 1 || channels == 3 {
            return Form(isChannelsFirst: true, channels: channels, height: last[1], width: last[2])
        }
        if let channels = last[2], channels == 1 || channels == 3 {
            return Form(isChannelsFirst: false, channels: channels, height: last[0], width: last[1])
        }
        throw failure
    }

    /// Grey by the luma of ITU-R BT.601, rounded to whole levels; colour by repetition.
    func recolored(_ count: Int) -> Picture {
        guard count != channels else { return self }
        var copy = self
        copy.channels = count
        if count == 3 {
            copy.pixels = pixels.flatMap { [$0, $0, $0] }
        } else {
            copy.pixels = stride(from: 0, to: pixels.count, by: 3).map { start -> Float in
                let luma: Float = 0.299 * pixels[start] + 0.587 * pixels[start + 1] + 0.114 * pixels[start + 2]
                return luma.rounded()
            }
        }
        return copy
    }

    /// Stretched by a triangle filter, as wide as a source pixel when enlarging and as a result pixel when reducing, so
    /// that every source pixel counts.
    func resized(height: Int, width: Int) -> Picture {
        guard height != self.height || width != self.width else { return self }
        var copy = self
        copy.pixels = Self.resampled(pixels, rows: 1, count: self.height, to: height, columns: self.width * channels)
        copy.height = height
        copy.pixels = Self.resampled(copy.pixels, rows: height, count: self.width, to: width, columns: channels)
        copy.width = width
        return copy
    }

    /// [rows, count, columns] resampled along the middle axis.
    private static func resampled(_ values: [Float], rows: Int, count: Int, to newCount: Int, columns: Int) -> [Float] {
        let scale = Double(count) / Double(newCount)
        let support = max(scale, 1)
        var result = [Float](repeating: 0, count: rows * newCount * columns)
        for target in 0..<newCount {
            let center = (Double(target) + 0.5) * scale
            let first = max(0, Int((center - support).rounded()))
            let end = min(count, Int((center + support).rounded()))
            let weights = (first..<max(end, first)).map { max(0, 1 - abs((Double($0) + 0.5 - center) / support)) }
            let sum = weights.reduce(0, +)
            for (offset, weight) in weights.enumerated() where weight > 0 {
                let factor = Float(weight / sum)
                for row in 0..<rows {
                    let from = (row * count + first + offset) * columns
                    let to = (row * newCount + target) * columns
                    for column in 0..<columns { result[to + column] += factor * values[from + column] }
                }
            }
        }
        return result
    }
}
