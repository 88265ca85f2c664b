import CKernels

/// Elements as the two wide types in which oracles compute, and back.
extension Tensor {
    /// The elements converted to another type: to nearest even for floats, truncated and wrapped for integers.
    public func converted(to target: ElementType) throws -> Tensor {
        if target == type { return self }
        guard type != .string, target != .string else { throw DLCError("the elements are \(type); expected \(target)") }
        return try Tensor(type: target, shape: shape) { bytes in
            withUnsafeBytes {
                dlc_convert(type.kernelType, target.kernelType, $0.baseAddress, bytes.baseAddress, Int64(count))
            }
        }
    }

    /// The elements as doubles; bool as 0 and 1.
    public func doubles() throws -> [Double] {
        try converted(to: .float64).array(of: Double.self)
    }

    /// The elements of an integer or bool tensor as 64-bit integers; uint64 by its bit pattern.
    public func integers() throws -> [Int64] {
        guard !type.isFloat else { throw DLCError("expected integers, found \(type)") }
        if type == .uint64 { return try withElements(of: UInt64.self) { $0.map(Int64.init(bitPattern:)) } }
        return try converted(to: .int64).array(of: Int64.self)
    }

    /// A tensor of doubles rounded to `type`.
    public init(doubles: [Double], type: ElementType, shape: [Int]) throws {
        self = try Tensor(doubles, shape: shape).converted(to: type)
    }

    /// A tensor of integers wrapped to `type` (an integer type or bool).
    public init(integers: [Int64], type: ElementType, shape: [Int]) throws {
        if type == .uint64 {
            self = try Tensor(integers.map { UInt64(bitPattern: $0) }, shape: shape)
        } else {
            self = try Tensor(integers, shape: shape).converted(to: type)
        }
    }

    /// A tensor with every element equal to `value`; of strings, 0 is the empty one.
    public init(filling value: Double, type: ElementType, shape: [Int]) throws {
        if type == .string, value == 0 {
            try self.init(type: type, shape: shape) { _ in }
            return
        }
        let element = try Tensor([value], shape: [1]).converted(to: type)
        try self.init(type: type, shape: shape) { target in
            element.withUnsafeBytes { source in
                guard source.contains(where: { $0 != 0 }) else { return }
                let size = type.size
                for offset in stride(from: 0, to: target.count, by: size) {
                    UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + size]).copyMemory(from: source)
                }
            }
        }
    }

    /// A tensor of normally distributed values (Box–Muller over SplitMix64), the same for the same seed; of strings, a few words.
    public static func random(seed: UInt64, type: ElementType = .float32, shape: [Int]) throws -> Tensor {
        var generator = SplitMix64(seed: seed)
        let values = (0..<(try Checked.count(shape))).map { _ in generator.normal() }
        if type == .string { return try Tensor(values.map { "word \(Int($0 * 2))" }, shape: shape) }
        if type.isFloat { return try Tensor(doubles: values, type: type, shape: shape) }
        let integers = values.map { value -> Int64 in
            if type == .bool { return value > 0 ? 1 : 0 }
            let scaled = Int64((value * 4).rounded())
            return type.isSigned ? scaled : abs(scaled)
        }
        return try Tensor(integers: integers, type: type, shape: shape)
    }
}

/// A small generator of random bits: same seed, same sequence (Steele, Lea and Flood, OOPSLA 2014).
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A value uniform in 0 ..< 1.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A value from the standard normal distribution.
    public mutating func normal() -> Double {
        let radius = (-2 * logarithm(1 - uniform())).squareRoot()
        return radius * cosine(2 * .pi * uniform())
    }
}
