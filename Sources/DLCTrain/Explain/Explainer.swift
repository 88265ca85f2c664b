import DLC

/// What of a picture speaks for a class, by the ways that are known.
///
///     let explainer = try Explainer(graph, inputs: ["image": picture], picture: "image")
///     let attribution = try explainer.gradCAM(ofClass: 7)
public final class Explainer {
    let network: ExplainedGraph
    let inputs: [String: Tensor]
    let options: CompileOptions
    let threads: Int?
    private let forward: ScoreFunction
    /// The picture as it lies in its tensor.
    public let planes: PicturePlanes
    /// The network's scores for the picture.
    public let scores: [Double]

    /// - Parameter graph: an imported one, whose weights are constants.
    /// - Parameter inputs: values of all inputs.
    /// - Parameter picture: the input that is explained.
    /// - Parameter output: the one that holds the scores; may be left out where there is one of floats.
    /// - Parameter mean: of the levels that the network takes, as `PicturePlanes` says.
    /// - Throws: where the graph has no such input or output or cannot be compiled, or the input is no picture.
    public init(
        _ graph: Graph, inputs: [String: Tensor], picture: String, output: String? = nil, mean: [Double] = [0], deviation: [Double] = [1],
        _ options: CompileOptions = CompileOptions(), threads: Int? = nil
    ) throws {
        for port in graph.inputs where inputs[port.name] == nil { throw DLCError("input \(port.name) is missing") }
        network = try ExplainedGraph(graph, picture: picture, shapes: inputs.mapValues(\.shape), output: output)
        planes = try located("input \(picture)") { try PicturePlanes(inputs[picture]?.shape ?? [], mean: mean, deviation: deviation) }
        (self.inputs, self.options, self.threads) = (inputs, options, threads)
        forward = try ScoreFunction(network, target: network.scores, at: nil, options, threads: threads)
        scores = try forward(inputs).value
    }

    /// The number of classes: the extent of the scores' axis 1, or of their only one.
    public var classes: Int { Self.channels(forward.shape).count }

    /// The score of a class, over all places where there are several.
    public func score(ofClass index: Int) throws -> Double { dot(scores, try weights(ofClass: index)) }

    /// What the network would say.
    public var bestClass: Int {
        let values = (0..<classes).map { (try? score(ofClass: $0)) ?? 0 }
        return values.indices.max { values[$0] < values[$1] } ?? 0
    }

    /// The gradient of the class's score with respect to the picture, in the picture's shape (Simonyan, Vedaldi and Zisserman,
    /// "Deep inside convolutional networks", 2013).
    public func saliency(ofClass index: Int) throws -> Tensor {
        try gradient(function(at: .picture), ofClass: index, inputs)
    }

    /// The same through ReLUs that hand on only what is positive (Springenberg et al., "Striving for simplicity", 2014).
    public func guided(ofClass index: Int) throws -> Tensor {
        try gradient(function(at: .picture, isGuided: true), ofClass: index, inputs)
    }

    /// What the pixels add to the score on the straight way from a baseline to the picture, in the picture's shape; they sum to
    /// the difference of the scores as far as the steps allow (Sundararajan, Taly and Yan, "Axiomatic attribution for deep
    /// networks", 2017; midpoints of equal steps).
    /// - Parameter baseline: a level of 0…1 for all pixels.
    public func integrated(ofClass index: Int, baseline: Double = 0, steps: Int = 64) throws -> Tensor {
        guard steps > 0, let picture = inputs[network.picture.name] else { throw DLCError("the way to the picture has at least one step") }
        let (end, start) = (try picture.doubles(), planes.filled(baseline))
        let function = try function(at: .picture)
        var sum = [Double](repeating: 0, count: end.count)
        for step in 0..<steps {
            let part = (Double(step) + 0.5) / Double(steps)
            let values = zip(start, end).map { $0 + ($1 - $0) * part }
            let gradient = try gradient(function, ofClass: index, with(values)).doubles()
            for place in sum.indices { sum[place] += gradient[place] }
        }
        let values = sum.indices.map { sum[$0] / Double(steps) * (end[$0] - start[$0]) }
        return try Tensor(doubles: values, type: .float32, shape: picture.shape)
    }

    /// How far a baseline picture's score is below the picture's: what `integrated` sums to.
    public func difference(ofClass index: Int, fromBaseline baseline: Double) throws -> Double {
        let weights = try weights(ofClass: index)
        return dot(scores, weights) - dot(try forward(with(planes.filled(baseline))).value, weights)
    }

    /// The maps `[h, w]` of a layer, each weighted by its mean gradient, summed and rectified (Selvaraju et al., "Grad-CAM", 2017).
    /// - Parameter layer: the layer's name; the last one with maps where left out.
    public func gradCAM(ofClass index: Int, layer: String? = nil) throws -> Tensor {
        let value = try layer.map { try network.layer($0) } ?? network.lastMaps()
        guard let shape = network.graph.shape(value).constants, shape.count == 4, shape[0] == 1 else {
            throw DLCError("layer \(layer ?? "") gives \(network.graph.type(value)); Grad-CAM weighs maps [1, C, H, W]")
        }
        let result = try function(at: .value(value))(inputs, weights: weights(ofClass: index))
        guard let maps = try result.place?.doubles(), let gradients = try result.gradient?.doubles() else {
            throw DLCError("gives no maps")
        }
        let plane = shape[2] * shape[3]
        var sum = [Double](repeating: 0, count: plane)
        for map in 0..<shape[1] {
            let weight = gradients[map * plane..<(map + 1) * plane].reduce(0, +) / Double(max(plane, 1))
            for place in 0..<plane { sum[place] += weight * maps[map * plane + place] }
        }
        return try Tensor(doubles: sum.map { max($0, 0) }, type: .float32, shape: [shape[2], shape[3]])
    }

    /// How much the score falls, on average over the windows that cover a pixel, where a grey window covers a part of the
    /// picture: `[H, W]` (Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014, section 4.2).
    /// - Parameters:
    ///   - window: the window's side in pixels.
    ///   - stride: from one window to the next.
    ///   - level: of the window, 0…1.
    ///   - progress: called with each window's number and their count.
    public func occlusion(
        ofClass index: Int, window: Int, stride: Int, level: Double = 0.5, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Tensor {
        guard window > 0, stride > 0, let picture = inputs[network.picture.name] else { throw DLCError("a window has at least one pixel") }
        let weights = try weights(ofClass: index)
        let (values, whole) = (try picture.doubles(), dot(scores, weights))
        func starts(_ extent: Int) -> [Int] {
            Swift.stride(from: 0, to: max(extent - window, 0) + stride, by: stride).filter { $0 < extent }
        }
        let (rows, columns) = (starts(planes.height), starts(planes.width))
        var sums = [Double](repeating: 0, count: planes.height * planes.width)
        var counts = sums
        for (number, (top, left)) in rows.flatMap({ top in columns.map { (top, $0) } }).enumerated() {
            progress(number + 1, rows.count * columns.count)
            var covered = values
            let (down, across) = (top..<min(top + window, planes.height), left..<min(left + window, planes.width))
            for channel in 0..<planes.channels {
                for y in down { for x in across { covered[planes.index(channel, y, x)] = planes.value(level, channel: channel) } }
            }
            let fall = whole - dot(try forward(with(covered)).value, weights)
            for y in down {
                for place in y * planes.width + across.lowerBound..<y * planes.width + across.upperBound {
                    sums[place] += fall
                    counts[place] += 1
                }
            }
        }
        return try Tensor(doubles: zip(sums, counts).map { $1 > 0 ? $0 / $1 : 0 }, type: .float32, shape: [planes.height, planes.width])
    }

    /// The weights `[O, C, h, w]` of the first convolution over two dimensions, and its name.
    /// - Throws: where there is none whose weights are constants.
    public static func firstFilters(_ graph: Graph) throws -> (layer: String, weights: Tensor) { try ExplainedGraph.firstFilters(graph) }

    // MARK: Parts

    func function(at place: ScoreFunction.Place, isGuided: Bool = false) throws -> ScoreFunction {
        try ScoreFunction(network, target: network.scores, at: place, isGuided: isGuided, options, threads: threads)
    }

    private func gradient(_ function: ScoreFunction, ofClass index: Int, _ inputs: [String: Tensor]) throws -> Tensor {
        guard let gradient = try function(inputs, weights: weights(ofClass: index)).gradient else { throw DLCError("gives no gradient") }
        return gradient
    }

    /// The inputs with another picture.
    func with(_ values: [Double]) throws -> [String: Tensor] {
        var inputs = inputs
        guard let picture = inputs[network.picture.name] else { return inputs }
        inputs[network.picture.name] = try Tensor(doubles: values, type: picture.type, shape: picture.shape)
        return inputs
    }

    /// Weights of the scores whose sum is a class's score: its mean over places where there are several.
    func weights(ofClass index: Int) throws -> [Double] {
        guard (0..<classes).contains(index) else { throw DLCError("there is no class \(index); the scores have \(classes)") }
        return Self.weights(ofChannel: index, forward.shape)
    }

    static func weights(ofChannel index: Int, _ shape: [Int]) -> [Double] {
        let (count, inner) = channels(shape)
        let total = shape.reduce(1, *)
        let places = Double(max(1, total / max(1, count)))
        return (0..<total).map { $0 / max(1, inner) % max(1, count) == index ? 1 / places : 0 }
    }

    /// The extent of the axis of channels, and the elements behind one index of it.
    static func channels(_ shape: [Int]) -> (count: Int, inner: Int) {
        let axis = shape.count > 1 ? 1 : 0
        return (shape.indices.contains(axis) ? shape[axis] : 1, shape.dropFirst(axis + 1).reduce(1, *))
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
}
