import DLC
import DLCData

/// Turns a picture into what an input asks for: resized, in grey or in colour, in the input's layout.
///
/// An input takes pictures where it is `[H, W]`, `[C, H, W]`, `[H, W, C]` or one of these with a leading batch dimension,
/// with 1 or 3 channels. Floats get (p / 255 − mean) / std for a pixel p of 0…255, with mean 0 and std 1 unless the model's
/// metadata say otherwise under `INPUT.mean` and `INPUT.std` (one number, or one per channel); integers get p itself.
struct ImageInput {
    private let port: Plan.Port
    private let form: PictureShape
    let mean: [Float]
    let deviation: [Float]

    /// - Throws: where the input takes no pictures, or the metadata are no numbers.
    init(_ port: Plan.Port, _ metadata: [String: String]) throws {
        self.port = port
        var shape = port.shape
        if shape.count == 4 {
            guard shape[0].constant == nil || shape[0].constant == 1 else {
                throw DLCError("takes a batch of \(shape[0]), one picture is given")
            }
            shape.removeFirst()
        }
        guard let form = PictureShape(shape.map(\.constant)) else {
            throw DLCError("takes \(Describe.type(port.type, port.shape)), which is no picture of 1 or 3 channels")
        }
        self.form = form
        let channels = form.channels
        guard port.type.isFloat || port.type == .uint8 || port.type == .int32 || port.type == .int64 else {
            throw DLCError("takes \(port.type), which pictures do not give")
        }
        mean = try Self.numbers(metadata["\(port.name).mean"], or: 0, channels, "\(port.name).mean")
        deviation = try Self.numbers(metadata["\(port.name).std"], or: 1, channels, "\(port.name).std")
        guard deviation.allSatisfy({ $0 > 0 }) else { throw DLCError("the model's metadata give a std that is not above 0") }
    }

    /// - Throws: where the file is no picture, damaged or too large.
    func read(_ path: String) throws -> Tensor { try tensor(of: Picture(path)) }

    /// A tensor of a black picture of the form's own extents.
    /// - Throws: where these are open.
    func blank() throws -> Tensor {
        guard let height = form.height, let width = form.width else {
            throw DLCError("input \(port.name) has open extents; settle them with --set or give a picture")
        }
        return try tensor(of: Picture(width: width, height: height, channels: 1, pixels: [Float](repeating: 0, count: height * width)))
    }

    func tensor(of original: Picture) throws -> Tensor {
        var (values, shape) = try form.values(of: original)
        let plane = values.count / form.channels
        for index in values.indices {
            let channel = form.channelsLast ? index % form.channels : index / plane
            values[index] = port.type.isFloat ? (values[index] / 255 - mean[channel]) / deviation[channel] : values[index].rounded()
        }
        return try Tensor(values, shape: port.shape.count == 4 ? [1] + shape : shape).converted(to: port.type)
    }

    private static func numbers(_ text: String?, or standard: Float, _ count: Int, _ key: String) throws -> [Float] {
        guard let text else { return [Float](repeating: standard, count: count) }
        let parts = text.split { $0 == "," || $0 == " " }
        let values = parts.compactMap { Float($0) }.filter(\.isFinite)
        guard values.count == parts.count, values.count == 1 || values.count == count else {
            throw DLCError("the model's metadata give '\(text)' as \(key); expected 1 or \(count) numbers")
        }
        return values.count == count ? values : [Float](repeating: values[0], count: count)
    }
}
