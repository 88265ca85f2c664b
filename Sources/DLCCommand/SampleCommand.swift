import ArgumentParser
import DLC
import DLCTensorFiles
import DLCTrain

/// `dlc sample`: pictures from a generator.
struct SampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Draw pictures from a generator.",
        discussion: """
            A generator makes pictures [N, 1 or 3, H, W] of normally distributed noise, as the decoder of a variational autoencoder and \
            the generator of a GAN do; or gives the logits [N, levels, H, W] of every pixel by those before it, as PixelCNN does, which \
            takes a run for each pixel.

            EXAMPLES
              dlc sample vae_decoder.dlm --weights vae.safetensors -o grid.png
              dlc sample pixelcnn.dlm --set size=28 --set colours=1 --weights pixelcnn.safetensors --count 16 -o grid.png
            """)

    @OptionGroup var source: SourceArgument

    @Option(help: "How many pictures are drawn.")
    var count = 64

    @Option(help: "Another seed draws other pictures, and other parameters where no --weights give them.")
    var seed: UInt64 = 0

    @Option(name: .shortAndLong, help: ArgumentHelp("A .png file of all pictures, or a .npy file of their values.", valueName: "file"))
    var output: String

    @Option(help: "Pictures to a row; as many as make the grid square where left out.")
    var columns: Int?

    @Option(name: .customLong("from"), help: ArgumentHelp("The model's output that holds the pictures.", valueName: "name"))
    var port: String?

    @OptionGroup var threads: ThreadOptions
    @OptionGroup var flags: CompileFlags

    func validate() throws {
        if !(1...65536).contains(count) { throw ValidationError("--count expects 1 to 65536, found \(count)") }
        if let columns, columns < 1 { throw ValidationError("--columns expects at least 1, found \(columns)") }
    }

    func run() throws {
        guard ["png", "npy"].contains(ModelFile.kind(output)) else {
            throw DLCError("expected a name that ends in .png or .npy", at: [output])
        }
        let path = ModelFile.network(of: source.model)
        try flags.check([path])
        let model = try ModelFile.ready(path, source.options(seed: seed), flags)
        try located(source.model) {
            let scale = try model.inputs.first.map { try Self.scale($0, model.metadata) } ?? (mean: 0, deviation: 1)
            let sampler = try PictureSampler(model, output: port, mean: scale.mean, deviation: scale.deviation)
            let (pictures, range) = try Progress.during("drawing") {
                try sampler.pictures(count, seed: seed, threads: threads.threads) { Progress.say("drawing, run \($0 + 1) of \($1)") }
            }
            if ModelFile.kind(output) == "npy" {
                try Staging.file(output) { try NPY.write(pictures, to: $0) }
            } else {
                let side = max(1, min(pictures.shape[2], pictures.shape[3]))
                let grid = try PictureGrid(range: range, columns: columns, scale: max(1, 48 / side)).raster(pictures)
                let bytes = try grid.png()
                try Staging.file(output) { try FileBytes.write(bytes, to: $0) }
            }
            print("\(count) pictures of \(pictures.shape[2]) × \(pictures.shape[3])\n\(output)")
        }
    }

    /// What the model's metadata say of the levels that it takes; the same for all channels.
    private static func scale(_ port: Plan.Port, _ metadata: [String: String]) throws -> (mean: Double, deviation: Double) {
        guard metadata["\(port.name).mean"] != nil || metadata["\(port.name).std"] != nil else { return (0, 1) }
        let input = try ImageInput(port, metadata)
        guard let mean = input.mean.first, let deviation = input.deviation.first else { return (0, 1) }
        guard Set(input.mean).count == 1, Set(input.deviation).count == 1 else {
            throw DLCError("the metadata scale the channels of \(port.name) each its way; pictures are drawn from levels of one scale")
        }
        return (Double(mean), Double(deviation))
    }
}
