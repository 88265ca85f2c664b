import DLCTensor

/// How a parameter's first values are drawn. Fans are PyTorch's: of a weight `[O, I, kernel…]` the fan in is `I · kernel`,
/// the fan out `O · kernel`.
public enum Initialiser: Sendable, Equatable {
    case constant(Double)
    case normal(mean: Double, deviation: Double)
    case uniform(low: Double, high: Double)
    /// A normal distribution of which values outside `low ..< high` are drawn again.
    case truncatedNormal(mean: Double, deviation: Double, low: Double, high: Double)
    /// Glorot and Bengio, 2010: uniform within `gain · √(6 / (fan in + fan out))`.
    case xavierUniform(gain: Double)
    /// Glorot and Bengio, 2010: normal of deviation `gain · √(2 / (fan in + fan out))`.
    case xavierNormal(gain: Double)
    /// He et al., 2015: uniform within `gain · √(3 / fan)`, gain `√(2 / (1 + slope²))`.
    case kaimingUniform(slope: Double, fan: Fan)
    /// He et al., 2015: normal of deviation `gain / √fan`, gain `√(2 / (1 + slope²))`.
    case kaimingNormal(slope: Double, fan: Fan)
    /// Saxe et al., 2014: orthonormal rows or columns of the matrix of the first dimension by the rest, times the gain.
    case orthogonal(gain: Double)
    /// Long et al., 2015: the kernel of bilinear interpolation for each channel by itself, for transposed convolutions.
    case bilinear

    public enum Fan: String, Sendable, CaseIterable { case `in`, out }

    public static let zeros = Initialiser.constant(0)
    public static let ones = Initialiser.constant(1)

    public static func normal(_ deviation: Double) -> Initialiser { .normal(mean: 0, deviation: deviation) }

    /// Uniform within ±bound.
    public static func uniform(_ bound: Double) -> Initialiser { .uniform(low: -bound, high: bound) }

    /// PyTorch's weights of dense layers and convolutions: uniform within `1 / √(fan in)`.
    public static let standard = Initialiser.kaimingUniform(slope: 5.0.squareRoot(), fan: .in)

    /// PyTorch's bias beside weights of that shape: uniform within `1 / √(fan in)`.
    static func bias(besides weight: [Int]) -> Initialiser {
        let fan = fans(weight).in
        return fan > 0 ? .uniform(1 / fan.squareRoot()) : .zeros
    }

    /// Fans of a weight; a vector's are its length.
    static func fans(_ shape: [Int]) -> (in: Double, out: Double) {
        let kernel = shape.dropFirst(2).reduce(1) { $0 * Double($1) }
        let outputs = Double(shape.first ?? 1)
        return ((shape.count > 1 ? Double(shape[1]) : outputs) * kernel, outputs * kernel)
    }

    /// The values of a parameter. They depend on the seed and the parameter's name only, so adding a layer to a model
    /// changes no other.
    public func tensor(for parameter: ModelParameter, seed: UInt64) throws -> Tensor {
        var generator = ParameterStream(seed: seed, name: parameter.source ?? parameter.name)
        return try tensor(type: parameter.type, shape: parameter.shape, &generator)
    }

    /// A weight `[C, C, kernel…]`, or `[C, 1, kernel…]` with a group per channel.
    private static func interpolation(type: ElementType, shape: [Int]) throws -> Tensor {
        guard shape.count >= 3, shape[1] == 1 || shape[0] == shape[1] else {
            throw DLCError("bilinear is for transposed convolutions with as many channels as x; the weight is \(shape)")
        }
        var kernel = [1.0]
        for extent in shape.dropFirst(2) {
            let factor = Double((extent + 1) / 2)
            let middle = extent % 2 == 1 ? factor - 1 : factor - 0.5
            kernel = kernel.flatMap { weight in (0..<extent).map { weight * (1 - abs(Double($0) - middle) / factor) } }
        }
        let zeros = [Double](repeating: 0, count: kernel.count)
        let values = (0..<shape[0]).flatMap { a in (0..<shape[1]).flatMap { b in a == b || shape[1] == 1 ? kernel : zeros } }
        return try Tensor(doubles: values, type: type, shape: shape)
    }

    func tensor(type: ElementType, shape: [Int], _ generator: inout ParameterStream) throws -> Tensor {
        let fans = Self.fans(shape)
        func drawn(_ draw: (inout ParameterStream) -> Double) throws -> Tensor {
            try Tensor(type: .float32, shape: shape) { bytes in
                let elements = bytes.bindMemory(to: Float.self)
                for index in elements.indices { elements[index] = Float(draw(&generator)) }
            }.converted(to: type)
        }
        switch self {
        case .constant(let value): return try Tensor(filling: value, type: type, shape: shape)
        case .normal(let mean, let deviation): return try drawn { mean + deviation * $0.normal() }
        case .uniform(let low, let high): return try drawn { low + (high - low) * $0.uniform() }
        case .truncatedNormal(let mean, let deviation, let low, let high):
            guard low < high, mean - 8 * deviation < high, mean + 8 * deviation > low else {
                throw DLCError("\(self) leaves nothing to draw")
            }
            return try drawn { $0.normal(mean: mean, deviation: deviation, low: low, high: high) }
        case .xavierUniform(let gain):
            let bound = gain * (6 / max(fans.in + fans.out, 1)).squareRoot()
            return try Self.uniform(bound).tensor(type: type, shape: shape, &generator)
        case .xavierNormal(let gain):
            let deviation = gain * (2 / max(fans.in + fans.out, 1)).squareRoot()
            return try Self.normal(deviation).tensor(type: type, shape: shape, &generator)
        case .kaimingUniform(let slope, let fan):
            let bound = (6 / ((1 + slope * slope) * max(fan == .in ? fans.in : fans.out, 1))).squareRoot()
            return try Self.uniform(bound).tensor(type: type, shape: shape, &generator)
        case .kaimingNormal(let slope, let fan):
            let deviation = (2 / ((1 + slope * slope) * max(fan == .in ? fans.in : fans.out, 1))).squareRoot()
            return try Self.normal(deviation).tensor(type: type, shape: shape, &generator)
        case .orthogonal(let gain):
            let rows = shape.first ?? 1
            let columns = shape.dropFirst().reduce(1, *)
            let values = OrthogonalMatrix.draw(rows: rows, columns: columns, &generator)
            return try Tensor(doubles: values.map { gain * $0 }, type: type, shape: shape)
        case .bilinear: return try Self.interpolation(type: type, shape: shape)
        }
    }
}

extension Initialiser: CustomStringConvertible {
    /// As a model file writes it.
    public var description: String {
        switch self {
        case .constant(0): "zeros"
        case .constant(1): "ones"
        case .constant(let value): "constant(\(value))"
        case .standard: "kaimingUniform(sqrt(5))"
        case .normal(0, let deviation): "normal(\(deviation))"
        case .normal(let mean, let deviation): "normal(\(deviation), mean: \(mean))"
        case .uniform(let low, let high) where low == -high: "uniform(\(high))"
        case .uniform(let low, let high): "uniform(\(low), \(high))"
        case .truncatedNormal(let mean, let deviation, let low, let high):
            "truncatedNormal(\(deviation), mean: \(mean), low: \(low), high: \(high))"
        case .xavierUniform(let gain): "xavierUniform(\(gain))"
        case .xavierNormal(let gain): "xavierNormal(\(gain))"
        case .kaimingUniform(let slope, let fan): "kaimingUniform(\(slope), fan: \"\(fan.rawValue)\")"
        case .kaimingNormal(let slope, let fan): "kaimingNormal(\(slope), fan: \"\(fan.rawValue)\")"
        case .orthogonal(let gain): "orthogonal(\(gain))"
        case .bilinear: "bilinear"
        }
    }
}
