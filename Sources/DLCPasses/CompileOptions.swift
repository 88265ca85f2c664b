import CKernels
import DLCRuntime

/// How a model is compiled.
public struct CompileOptions: Sendable {
    /// The processor family that kernels are chosen and weights packed for.
    public var target: Target
    /// Whose caches and arithmetic units the choice of kernels is made for.
    public var processor: ProcessorModel
    /// Only kernels that sum products as the operators' definitions do, in whatever order: no Winograd convolutions, no
    /// products after Strassen, whose transforms lose about a digit.
    public var exact = false
    /// Extents that symbols will often have. They steer the choice of kernels; every extent stays right.
    public var likely: [String: Int] = [:]
    /// Kernels with alternatives are measured, instead of chosen by estimates.
    public var tuning: Tuning?
    /// What kernels' families take on the processor beside their estimates.
    public var probes: KernelProbes?
    /// The constant matrices of products keep fewer bits.
    public var weights: CompactWeights?
    /// What products and convolutions with constant weights may multiply.
    public var arithmetic = Arithmetic.float32
    /// What a session may take: values are computed again where keeping them would take more.
    public var memory: MemoryBudget?
    /// Settings of the passes.
    public var passes = PassOptions()
    /// For tests: whether kernels are chosen as for a processor with AMX, whatever the processor has.
    package var assumesAMX: Bool?

    func describeProcessor() -> dlc_processor {
        var description = processor.description(target)
        if let assumesAMX { description.amx = assumesAMX }
        return description
    }

    /// For this machine, or for processors of a family as they usually are.
    public init(target: Target? = nil) {
        self.target = target ?? .native
        processor = target == nil ? .host : .typical
    }
}

/// How the constant right matrices of products in f32 are kept, and read back while they are multiplied: products still compute in
/// f32. What takes little time beside reading its weights, such as a layer on one row, becomes faster as they shrink.
public struct CompactWeights: Sendable {
    public enum Form: String, Sendable, CaseIterable {
        /// 16-bit floats.
        case float16 = "f16"
        case bfloat16 = "bf16"
        /// Integers from −127 to 127 with a scale for every 32 weights of an output: 9 bits each.
        case int8
        /// Integers from −7 to 7 with such scales: 5 bits each.
        case int4
    }

    public var form: Form
    /// Called for each matrix with its layer's name, its elements, and the sums of squares of the weights and of what they lose.
    public var observe: @Sendable (_ name: String, _ count: Int, _ signal: Double, _ noise: Double) -> Void

    public init(
        _ form: Form,
        observe: @escaping @Sendable (_ name: String, _ count: Int, _ signal: Double, _ noise: Double) -> Void = { _, _, _, _ in }
    ) {
        (self.form, self.observe) = (form, observe)
    }

    var packing: ProductPacking {
        switch form {
        case .float16: .half
        case .bfloat16: .bfloat
        case .int8: .int8
        case .int4: .int4
        }
    }
}

/// The numbers that products and convolutions multiply; sums, and all else, are in the type that the operators say.
public enum Arithmetic: String, Sendable, CaseIterable {
    /// As the operators are defined.
    case float32 = "f32"
    /// Both factors may be rounded to bfloat16, an 8-bit mantissa, where that is faster: with instructions for pairs of them
    /// (AVX512-BF16, Arm's BF16), or where reading weights takes longest.
    case bfloat16 = "bf16"
    /// Both factors may be sums of two numbers of bfloat16 each, 17 bits of a float's 24 (Henry, Tang and Heinecke, arXiv:1904.06376),
    /// where the processor multiplies tiles of those (AMX); products err by about 2⁻¹⁶.
    case bfloat16Twice = "bf16x2"
}

/// A processor that kernels are chosen for.
public enum ProcessorModel: Sendable {
    /// The one that compiles.
    case host
    /// One as they usually are of those that the target's kernels run on.
    case typical

    func description(_ target: Target) -> dlc_processor {
        switch self {
        case .host: dlc_processor_host(target.isa)
        case .typical: dlc_processor_typical(target.isa)
        }
    }
}
