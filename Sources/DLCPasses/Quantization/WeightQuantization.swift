import DLCGraph

/// Weights as signed 8-bit integers around zero: `w ≈ q · scale`, q from −127 to 127 (Jacob et al., "Quantization and training of
/// neural networks for efficient integer-arithmetic-only inference", 2018, section 2).
struct WeightQuantization {
    /// i8 of the weights' shape.
    let integers: Tensor
    /// `[channels]`, or a scalar where all share one.
    let scale: Tensor

    /// - Parameters:
    ///   - weights: finite, f32.
    ///   - axis: the dimension with a scale for each place; nil takes one for all.
    init(_ weights: Tensor, along axis: Int?) throws {
        let inner = axis.map { weights.shape[($0 + 1)...].reduce(1, *) } ?? 1
        let channels = axis.map { weights.shape[$0] } ?? 1
        func channel(_ element: Int) -> Int { axis == nil ? 0 : element / inner % channels }
        let (integers, scales) = try weights.withElements(of: Float.self) { source in
            var most = [Float](repeating: 0, count: channels)
            for (element, value) in source.enumerated() { most[channel(element)] = max(most[channel(element)], abs(value)) }
            // A channel of zeros has any scale, and one below normal numbers has no quotient.
            let scales = most.map { $0 / 127 >= .leastNormalMagnitude ? $0 / 127 : 1 }
            let integers = source.enumerated().map { element, value in
                Int8(min(max((value / scales[channel(element)]).rounded(.toNearestOrEven), -127), 127))
            }
            return (integers, scales)
        }
        self.integers = try Tensor(integers, shape: weights.shape)
        scale = try Tensor(scales, shape: axis == nil ? [] : [channels])
    }
}
