import DLCRuntime

/// How a model is compiled.
public struct CompileOptions: Sendable {
    /// The processor family that kernels are chosen and weights packed for.
    public var target: Target
    /// Settings of the passes.
    public var passes = PassOptions()

    public init(target: Target = .native) { self.target = target }
}
