import DLC

/// Pictures from a model that draws them: from normally distributed numbers, as the decoder of a variational autoencoder (Kingma
/// and Welling 2013) and the generator of a GAN (Goodfellow et al. 2014) do, or pixel by pixel (van den Oord, Kalchbrenner and
/// Kavukcuoglu, "Pixel recurrent neural networks", 2016).
public struct PictureSampler {
    /// How the model draws.
    enum Way {
        /// From noise of these extents for one picture.
        case noise([Int])
        case pixels(PixelLevels)
    }

    private let model: CompiledModel
    private let input: Plan.Port
    private let output: Plan.Port
    /// The number of pictures that the model makes at once; nil where it is open.
    private let batch: Int?
    let way: Way

    /// Pictures that are made at once where the model leaves it open.
    private static let usualBatch = 16

    /// - Parameter output: the one that holds the pictures, or pixels' levels; may be left out where one does.
    /// - Parameter mean: of the levels that the model takes, where it draws pixel by pixel: (level − mean) / deviation.
    /// - Throws: where the model is no generator, with what it has and what a generator would have.
    public init(_ model: CompiledModel, output name: String? = nil, mean: Double = 0, deviation: Double = 1) throws {
        self.model = model
        let inputs = model.inputs.map { "\($0.name): \($0.type)\($0.shape)" }.joined(separator: ", ")
        guard model.inputs.count == 1, let input = model.inputs.first, input.type.isFloat, input.shape.count >= 2 else {
            let taken = inputs.isEmpty ? "nothing" : inputs
            throw DLCError("is no generator of pictures: it takes \(taken); expected one input of floats, [N, …]")
        }
        self.input = input
        let extents = input.shape.dropFirst().map(\.constant)
        guard !extents.contains(nil) else {
            let type = "\(input.type)\(input.shape)"
            throw DLCError("input \(input.name) has open extents, \(type); settle them with --set or when it is built")
        }
        let shape = extents.map { $0 ?? 0 }
        var ways: [(Plan.Port, Way)] = []
        for port in model.outputs where name == nil || port.name == name {
            if let way = Self.way(shape, port, mean, deviation) { ways.append((port, way)) }
        }
        guard let (output, way) = ways.first else {
            let outputs = model.outputs.map { "\($0.name): \($0.type)\($0.shape)" }.joined(separator: ", ")
            throw DLCError(
                "is no generator of pictures: it makes \(outputs) of \(inputs); expected pictures [N, 1 or 3, H, W] of noise, "
                    + "or levels [N, levels, H, W] of the pixels [N, 1, H, W] before")
        }
        guard ways.count == 1 else {
            throw DLCError("which output is it? Say --from NAME; \(ways.map(\.0.name).joined(separator: ", ")) could be")
        }
        (self.output, self.way) = (output, way)
        batch = input.shape[0].constant
    }

    private static func way(_ input: [Int], _ output: Plan.Port, _ mean: Double, _ deviation: Double) -> Way? {
        guard output.type.isFloat, output.shape.count >= 4 else { return nil }
        let extents = output.shape.dropFirst().map(\.constant)
        guard !extents.contains(nil), !extents.contains(0) else { return nil }
        let shape = extents.map { $0 ?? 0 }
        if let levels = PixelLevels(input: input, output: shape, mean, deviation) { return .pixels(levels) }
        // What takes a picture of the size that it gives changes pictures, and draws none.
        let changes = input.count == 3 && Array(input.suffix(2)) == Array(shape.suffix(2))
        return shape.count == 3 && (shape[0] == 1 || shape[0] == 3) && !changes ? .noise(input) : nil
    }

    /// Pictures `[count, C, H, W]`, the same for the same seed however many there are, and the values that are black and white:
    /// 0 and 1, or −1 and 1 where any is below 0.
    /// - Parameter progress: called before each run with the number of runs that are done and their count.
    /// - Throws: where a run fails, or the model gives the same pixel other levels for pixels that come later.
    public func pictures(
        _ count: Int, seed: UInt64, threads: Int? = nil, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> (pictures: Tensor, range: PictureGrid.Range) {
        guard count > 0 else { throw DLCError("\(count) pictures are asked for") }
        let session = try Session(model, threads: threads)
        let size = batch ?? min(count, Self.usualBatch)
        guard size > 0 else { throw DLCError("takes batches of no picture") }
        let batches = (count + size - 1) / size
        var generator = SplitMix64(seed: seed)
        var values: [Double] = []
        var shape: [Int] = []
        for index in 0..<batches {
            // A batch that is open is as large as what is left.
            let number = batch ?? min(size, count - index * size)
            let made: Tensor
            switch way {
            case .noise(let extents):
                progress(index, batches)
                let noise = (0..<number * extents.reduce(1, *)).map { _ in generator.normal() }
                made = try run(session, noise, [number] + extents)
            case .pixels(let levels):
                if index == 0 { try levels.check(number) { try run(session, $0, [number] + levels.shape) } }
                let runs = levels.height * levels.width * levels.colours
                made = try levels.draw(number, &generator, progress: { progress(index * runs + $0, batches * runs) }) {
                    try run(session, $0, [number] + levels.shape)
                }
            }
            shape = Array(made.shape.dropFirst())
            values += try made.doubles()
        }
        let pictureSize = shape.reduce(1, *)
        values.removeLast(max(0, values.count - count * pictureSize))
        let isSigned = values.contains { $0 < -1e-3 }
        return (try Tensor(doubles: values, type: .float32, shape: [count] + shape), .fixed(low: isSigned ? -1 : 0, high: 1))
    }

    private func run(_ session: Session, _ values: [Double], _ shape: [Int]) throws -> Tensor {
        if !model.states.isEmpty { session.resetState() }
        guard let result = try session.run([input.name: Tensor(doubles: values, type: input.type, shape: shape)])[output.name] else {
            throw DLCError("output \(output.name) was not computed")
        }
        return result
    }
}
