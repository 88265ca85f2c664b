/// How the range of a tensor's 8-bit integers follows from the numbers that it took.
public enum RangeMethod: Sendable, Equatable {
    /// From the least to the greatest.
    case extremes
    /// So that this share of them lies inside, such as 0.9999, outliers cut on both sides alike.
    case percentile(Double)
    /// With the least divergence of the numbers' distribution from the one that the integers leave (Migacz, "8-bit inference with
    /// TensorRT", 2017).
    case entropy
    /// With the least expected squared error (Sung, Shin and Hwang, "Resiliency of deep neural networks under quantization", 2015).
    case squaredError
}
