import DLCGraph
import DLCOps

extension LayerDefinition {
    /// Parameters of a layer with such a weight and, where wanted, a bias.
    static let weightAndBias = ["[weight]", "[parametrizations.weight.original0]", "[parametrizations.weight.original1]", "[bias]"]
}

extension LayerContext {
    /// The weight of a layer as one parameter, or as lengths and directions of what its first dimension counts (Salimans
    /// and Kingma, 2016): `original0 · original1 / |original1|`. Names are PyTorch's; once weights are known, the quotient
    /// is a constant.
    func weight(_ shape: [Int], _ initialiser: Initialiser, type: ElementType, isNormalised: Bool) throws -> TensorValue {
        guard isNormalised else { return try parameter("weight", shape, initialiser, type: type) }
        let parts = child("parametrizations.weight")
        let length = try parts.parameter("original0", [shape[0]] + shape.dropFirst().map { _ in 1 }, .ones, type: type)
        let direction = try parts.parameter("original1", shape, initialiser, type: type)
        return try direction * (length / add(Reduce(.l2, axes: Array(1..<shape.count), keepDims: true), direction))
    }
}
