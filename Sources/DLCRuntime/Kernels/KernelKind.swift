import CKernels

/// The kernels that a plan's steps call. Raw values are those of the file.
public enum KernelKind: UInt8, Sendable, CaseIterable {
    case program = 0
    case copy = 1
    case pad = 2
    case fill = 3
    case product = 4
    case conv = 5
    case convTranspose = 6
    case pool = 7

    /// Makes a step of this kind ready to run.
    /// - Throws: where the parameters make no sense to the kernel.
    func prepare(_ step: BoundStep) throws -> PreparedKernel {
        switch self {
        case .program: try ProgramKernel.prepare(step)
        case .copy: try CopyKernel.prepare(step)
        case .pad: try PadKernel.prepare(step)
        case .fill: try FillKernel.prepare(step)
        case .product: try ProductKernel.prepare(step)
        case .conv: try ConvolutionKernel.prepare(step)
        case .convTranspose: try ConvolutionKernel.prepareTransposed(step)
        case .pool: try PoolKernel.prepare(step)
        }
    }

    /// Whether the kernel reports data that it cannot handle, such as an index outside its tensor.
    var reportsStatus: Bool { false }
}
