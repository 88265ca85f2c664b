import DLC

/// A network of which it is asked what it sees: the graph with settled extents, the input that takes the picture, and the
/// scores that a decision is made by.
struct ExplainedGraph {
    let graph: Graph
    let picture: Graph.Port
    /// One number a class, before a softmax where the network ends with one: the softmax of a class also rises where other
    /// classes fall (Simonyan, Vedaldi and Zisserman 2013, section 2).
    let scores: Value

    /// - Parameter shapes: of all inputs.
    /// - Parameter output: the one that holds the scores; may be left out where there is one of floats.
    /// - Throws: where there is no such input or output, a shape does not fit, or the scores' shape depends on data.
    init(_ original: Graph, picture: String, shapes: [String: [Int]], output: String?) throws {
        var settings = InputSettings()
        settings.shapes = shapes
        graph = try original.settling(settings, foldLimit: GraphBuilder.usualFoldLimit)
        guard let port = graph.inputs.first(where: { $0.name == picture }) else { throw DLCError("there is no input \(picture)") }
        guard graph.type(port.value).element.isFloat else {
            throw DLCError("input \(picture) is \(graph.type(port.value)); what is explained are pictures of floats")
        }
        self.picture = port
        scores = try Self.scores(graph, output)
        guard graph.shape(scores).constants != nil else {
            throw DLCError("the scores are \(graph.type(scores)), whose extents only data determines")
        }
    }

    private static func scores(_ graph: Graph, _ name: String?) throws -> Value {
        let names = graph.outputs.map(\.name).joined(separator: ", ")
        let floats = graph.outputs.filter { graph.type($0.value).element.isFloat }
        let output: Graph.Port
        if let name {
            guard let found = graph.outputs.first(where: { $0.name == name }) else {
                throw DLCError("there is no output \(name); the model has \(names)")
            }
            output = found
        } else {
            guard floats.count == 1, let only = floats.first else {
                throw DLCError("which output holds the scores? Say --output NAME; the model has \(names)")
            }
            output = only
        }
        guard graph.type(output.value).element.isFloat else {
            throw DLCError("output \(output.name) is \(graph.type(output.value)); scores are floats")
        }
        if let node = graph.producer(of: output.value), node.op is Softmax, let scores = node.operands[0] { return scores }
        return output.value
    }

    /// The result of a layer, by the layer's or the value's name.
    /// - Throws: where there is none, with the names that there are.
    func layer(_ name: String) throws -> Value {
        let isNamed = { (node: Node) in node.name == name || node.results.contains { graph.name(of: $0) == name } }
        if let node = graph.nodes.last(where: { !($0.op is Constant) && isNamed($0) }), let value = node.results.first {
            guard graph.type(value).element.isFloat, graph.shape(value).constants != nil else {
                throw DLCError("layer \(name) gives \(graph.type(value)); expected floats with settled extents")
            }
            return value
        }
        var names: [String] = []
        for node in graph.nodes where !node.name.isEmpty && !(node.op is Constant) && names.last != node.name { names.append(node.name) }
        let shown = names.prefix(24).joined(separator: ", ") + (names.count > 24 ? ", …" : "")
        throw DLCError("there is no layer \(name); the model has \(names.isEmpty ? "none with a name" : shown)")
    }

    /// The last maps of features: the last value of rank 4 with more than one place that a convolution, or an activation,
    /// normalisation, sum or concatenation behind one, gives.
    /// - Throws: where there is none.
    func lastMaps() throws -> Value {
        let producers = graph.nodes.filter { node in
            switch node.op {
            case is Conv, is Unary, is Activation, is Binary, is BatchNormalization, is Concat, is Clip: true
            default: false
            }
        }
        for node in producers.reversed() {
            guard let value = node.results.first, graph.type(value).element.isFloat, let shape = graph.shape(value).constants,
                shape.count == 4, shape[2] * shape[3] > 1, value != scores
            else { continue }
            return value
        }
        throw DLCError("has no convolution whose maps could be weighed; name another layer with --layer")
    }

    /// The weights `[O, C, h, w]` of the first convolution over two dimensions.
    /// - Throws: where there is none whose weights are constants.
    static func firstFilters(_ graph: Graph) throws -> (layer: String, weights: Tensor) {
        for node in graph.nodes {
            guard node.op is Conv, node.operands.count > 1, let weight = node.operands[1], let tensor = graph.constant(weight),
                tensor.rank == 4
            else { continue }
            return (node.name.isEmpty ? graph.name(of: weight) ?? "conv" : node.name, tensor)
        }
        throw DLCError("has no convolution over two dimensions whose filters could be shown")
    }
}
