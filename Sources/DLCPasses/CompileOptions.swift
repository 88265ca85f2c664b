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
    /// What a session may take: values are computed again where keeping them would take more.
    public var memory: MemoryBudget?
    /// Settings of the passes.
    public var passes = PassOptions()

    /// For this machine, or for processors of a family as they usually are.
    public init(target: Target? = nil) {
        self.target = target ?? .native
        processor = target == nil ? .host : .typical
    }
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
