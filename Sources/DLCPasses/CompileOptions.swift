import DLCRuntime

/// How a model is compiled.
public struct CompileOptions: Sendable {
    /// The processor family that kernels are chosen and weights packed for.
    public var target: Target
    /// Only kernels that sum products as the operators' definitions do, in whatever order: no Winograd convolution, whose
    /// transforms lose about a digit.
    public var exact = false
    /// Settings of the passes.
    public var passes = PassOptions()

    public init(target: Target = .native) { self.target = target }
}
