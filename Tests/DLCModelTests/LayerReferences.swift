import DLCModel
import DLCTensorFiles

/// What PyTorch computes of small layers; `Reference/make_layer_references.py` writes it.
struct LayerReferences {
    struct Case {
        var inputs: [Tensor] = []
        var outputs: [Tensor] = []
        var parameters: [String: Tensor] = [:]
    }

    let cases: [String: Case]

    static let read = Result { try LayerReferences() }

    init() throws {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        var cases: [String: Case] = [:]
        for (name, tensor) in try NPZ.read("/\(folder)/Reference/layers.npz") {
            let parts = name.split(separator: "/")
            guard parts.count == 2 else { throw DLCError("array \(name) has no case") }
            let (key, place) = (String(parts[0]), parts[1])
            if place.hasPrefix("p.") {
                cases[key, default: Case()].parameters[String(place.dropFirst(2))] = tensor
            } else if place.hasPrefix("in.") {
                cases[key, default: Case()].inputs.append(tensor)
            } else {
                cases[key, default: Case()].outputs.append(tensor)
            }
        }
        self.cases = cases
    }

    /// The largest difference from PyTorch's results over their largest magnitude.
    /// - Throws: also where parameters' names or shapes differ from PyTorch's.
    func difference(_ name: String, _ layer: ([TensorValue]) throws -> [TensorValue]) throws -> Double {
        guard let reference = cases[name] else { throw DLCError("there is no case \(name)") }
        let builder = ModelBuilder(name)
        let inputs = try reference.inputs.enumerated().map { index, tensor in
            try builder.input("x\(index)", tensor.type, Shape(constants: tensor.shape))
        }
        let outputs = try layer(inputs)
        for (index, output) in outputs.enumerated() { try builder.output("y\(index)", output) }
        let model = try builder.finish()
        let unused = Set(reference.parameters.keys).subtracting(model.parameters.map { Self.own($0.name) })
        guard unused.isEmpty else { throw DLCError("\(name) does not use \(unused.sorted())") }
        let graph = try model.graph { parameter in
            guard let tensor = reference.parameters[Self.own(parameter.name)] else {
                throw DLCError("PyTorch's \(name) has no \(parameter.name)")
            }
            return tensor
        }
        let feeds = Dictionary(uniqueKeysWithValues: reference.inputs.enumerated().map { ("x\($0)", $1) })
        let results = try Interpreter.run(graph, feeds)
        var worst = 0.0
        for (index, expected) in reference.outputs.enumerated() {
            guard let found = results["y\(index)"], found.shape == expected.shape else {
                throw DLCError("result \(index) of \(name) is \(results["y\(index)"]?.shape ?? []); expected \(expected.shape)")
            }
            let (a, b) = (try found.doubles(), try expected.doubles())
            let largest = b.map(abs).max() ?? 0
            worst = max(worst, zip(a, b).map { abs($0 - $1) }.max().map { $0 / max(largest, 1e-30) } ?? 0)
        }
        return worst
    }

    /// A parameter's name without the layer's.
    private static func own(_ name: String) -> String { name.split(separator: ".").dropFirst().joined(separator: ".") }
}
