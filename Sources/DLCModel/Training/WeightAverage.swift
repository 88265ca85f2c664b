import DLCGraph

/// An average of a parameter over updates, which evaluation takes in its place. It begins as the parameter.
public protocol WeightAverage: TrainingMethod {
    /// The average after an update, numbered from 0.
    func next(_ average: TensorValue, _ parameter: TensorValue, at update: Scalar) throws -> TensorValue
}
