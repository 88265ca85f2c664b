import DLC
import DLCData

/// Quantizes a trained network after its training: runs it on examples to see which numbers its layers take, and rates what each
/// layer would lose on 8-bit integers.
///
///     let quantizer = try Quantizer(Compiler.exportable("lenet5.onnx"), data: examples)
///     let graph = try quantizer.graph(quantizing: quantizer.layers.map { $0.signalToNoise > 10 })
public struct Quantizer: Sendable {
    public struct Options: Sendable {
        public var method = RangeMethod.squaredError
        /// Whether weights have a scale for each channel of a layer's result.
        public var perChannel = true
        /// How many examples are run.
        public var examples = 256
        /// Which ones.
        public var seed: UInt64 = 0
        /// Examples in a run where the model takes any number.
        public var batch = 8
        public var threads: Int?

        public init() {}
    }

    public struct Layer: Sendable {
        public let name: String
        /// Of its weights.
        public let shape: [Int]
        /// In dB, what its result is to what quantizing this layer alone changes in it; infinite where nothing changes.
        public let signalToNoise: Double
        /// Whether a run saw infinite numbers or NaN in its input.
        public let sawOddNumbers: Bool
    }

    /// All layers that can be quantized, in the graph's order.
    public let layers: [Layer]
    private let quantization: Quantization

    /// - Parameters:
    ///   - graph: a canonical graph, as `Compiler.exportable` gives it.
    ///   - data: opened for `wanted(by:)`.
    ///   - normalisation: applied to every batch.
    ///   - observe: called with what is being done and, from 0 to 1, how far it is.
    /// - Throws: where there is no layer to quantize, or data do not fit.
    public init(
        _ graph: Graph, data: any Dataset, normalisation: Normalisation = Normalisation(), options: Options = Options(),
        observe: @escaping (_ what: String, _ share: Double) -> Void = { _, _ in }
    ) throws {
        let graph = try Self.folded(graph)
        let found = QuantizableLayer.all(in: graph)
        guard !found.isEmpty else {
            throw DLCError("has no layer that 8-bit integers could compute: no convolution or product in f32 with constant weights that is not quantized yet")
        }
        var observed: [Value] = []
        for layer in found where !observed.contains(layer.input) { observed.append(layer.input) }
        let examples = Examples(data: data, normalisation: normalisation, options: options)
        let watched = try graph.part(computing: observed.enumerated().map { ("\($0)", $1) })
        let session = try Session(CompiledModel(Compiler.compile(watched)), threads: options.threads)
        var histograms = [Histogram](repeating: Histogram(), count: observed.count)
        try examples.run(session, observe: { observe("looking at ranges", $0) }) {
            for index in observed.indices { try histograms[index].widen(session.output(index)) }
        }
        if options.method != .extremes {
            for index in observed.indices { histograms[index].begin() }
            try examples.run(session, observe: { observe("counting", $0) }) {
                for index in observed.indices { try histograms[index].count(session.output(index)) }
            }
        }
        var ranges: [Value: ActivationRange] = [:]
        for (value, histogram) in zip(observed, histograms) { ranges[value] = histogram.range(by: options.method) }
        quantization = try Quantization(graph, ranges: ranges, perChannel: options.perChannel)
        let ratios = try Self.ratios(quantization, examples, options) { observe("rating layers", $0) }
        layers = zip(quantization.layers, ratios).map { layer, ratio in
            let hasOdd = observed.firstIndex(of: layer.input).map { histograms[$0].oddCount > 0 } ?? false
            return Layer(name: layer.name, shape: layer.weights.shape, signalToNoise: ratio, sawOddNumbers: hasOdd)
        }
    }

    /// What the inputs of a graph ask of data.
    /// - Throws: where one is a single number.
    public static func wanted(by graph: Graph) throws -> [WantedField] {
        try graph.inputs.map { port in
            let type = graph.type(port.value)
            guard !type.shape.isEmpty else { throw DLCError("input \(port.name) is one number, no batch of data") }
            return WantedField(port.name, type.element, type.shape.dropFirst().map(\.constant))
        }
    }

    /// The network with some of `layers` on integers, as ONNX's QDQ form has it: as `exportONNX` and `Compiler.compile` take it.
    public func graph(quantizing isQuantized: [Bool]) throws -> Graph {
        guard isQuantized.count == layers.count else {
            throw DLCError("there are \(layers.count) layers; expected as many choices, found \(isQuantized.count)")
        }
        return try quantization.applied(where: isQuantized)
    }

    /// The most layers on integers that `suffices` is content with: those that lose most are kept in floats first.
    /// - Parameter isAllowed: which of `layers` may be quantized at all.
    /// - Returns: for each of `layers` whether it is quantized; none where no number of them suffices.
    public func most(of isAllowed: [Bool], suffices: ([Bool]) throws -> Bool) rethrows -> [Bool] {
        let order = layers.indices.filter { isAllowed[$0] }.sorted { layers[$0].signalToNoise < layers[$1].signalToNoise }
        func choice(_ kept: Int) -> [Bool] {
            let floats = Set(order.prefix(kept))
            return layers.indices.map { isAllowed[$0] && !floats.contains($0) }
        }
        if try suffices(choice(0)) { return choice(0) }
        var (bad, good) = (0, 1)
        while good < order.count, try !suffices(choice(good)) { (bad, good) = (good, good * 2) }
        good = min(good, order.count)
        while good - bad > 1 {
            let middle = (bad + good) / 2
            if try suffices(choice(middle)) { good = middle } else { bad = middle }
        }
        return choice(good)
    }

    /// The graph with scales and shifts of channels, batch norm's above all, in the weights before them.
    private static func folded(_ graph: Graph) throws -> Graph {
        try [foldChannelScaling, foldConstants].run(graph)
    }

    private static func ratios(
        _ quantization: Quantization, _ examples: Examples, _ options: Options, observe: @escaping (Double) -> Void
    ) throws -> [Double] {
        let session = try Session(CompiledModel(Compiler.compile(quantization.rated())), threads: options.threads)
        let places = session.model.outputs.indices.reduce(into: [String: Int]()) { $0[session.model.outputs[$1].name] = $1 }
        var sums = [(noise: Double, signal: Double)](repeating: (0, 0), count: quantization.layers.count)
        try examples.run(session, observe: observe) {
            for layer in sums.indices {
                guard let noise = places["noise.\(layer)"], let signal = places["signal.\(layer)"] else { continue }
                sums[layer].noise += try session.output(noise).doubles().first ?? 0
                sums[layer].signal += try session.output(signal).doubles().first ?? 0
            }
        }
        return sums.map { Format.decibels($0.signal, above: $0.noise) }
    }
}

/// The examples that a network is run on.
private struct Examples {
    let data: any Dataset
    let normalisation: Normalisation
    let options: Quantizer.Options

    /// Runs a session on all of them, and calls `body` after each run.
    func run(_ session: Session, observe: (Double) -> Void, _ body: () throws -> Void) throws {
        let fixed = session.model.inputs.lazy.compactMap { $0.shape.first?.constant }.first
        let size = fixed ?? min(options.batch, options.examples)
        let batches = try Batches(
            data, Batches.Options(batchSize: size, order: .shuffled(seed: options.seed), keepsPartBatch: fixed == nil)
        ) { [normalisation] in try normalisation.apply($0) }
        let count = min(data.count, options.examples)
        var done = 0
        session.resetState()
        while done < count, let batch = try batches.next() {
            for (index, port) in session.model.inputs.enumerated() {
                guard let tensor = batch.tensors[port.name] else { throw DLCError("the data give nothing for the input \(port.name)") }
                try session.setInput(index, tensor)
            }
            try session.run()
            try body()
            done += batch.count
            observe(min(1, Double(done) / Double(max(1, count))))
        }
    }
}
