import CKernels

/// The kernels that a plan's steps call. Raw values are those of the file.
public enum KernelKind: UInt8, Sendable, CaseIterable {
    case program = 0
    case copy = 1

    /// Makes a step of this kind ready to run.
    /// - Throws: where the parameters make no sense to the kernel.
    func prepare(_ step: BoundStep) throws -> PreparedKernel {
        switch self {
        case .program: try ProgramKernel.prepare(step)
        case .copy: throw DLCError("copy")
        }
    }

    /// Whether the kernel reports data that it cannot handle, such as an index outside its tensor.
    var reportsStatus: Bool { false }
}
