import DLCGraph
import DLCOps

/// How gradients are bounded before an optimiser sees them.
public protocol Clipping: TrainingMethod {
    /// The gradients of all parameters of a `minimize`, bounded.
    func clip(_ gradients: [TensorValue]) throws -> [TensorValue]
}
