import CKernels

/// The kernels that a plan's steps call. Raw values are those of the file.
public enum KernelKind: UInt8, Sendable, CaseIterable {
    case program = 0, copy, pad, fill, sizes
    case product = 16, conv, convTranspose, pool, attention, recurrent, separable, pack, packRecurrent
    case softmax = 32, reduce, norm, groupNorm, lpNorm, lrn, resize
    case gather = 48, gatherElements, gatherND, scatterElements, scatterND, oneHot, range, cumSum, topK, arg, trilu
    case nonMaxSuppression = 64, region

    /// Makes a step of this kind ready to run.
    /// - Throws: where the parameters make no sense to the kernel.
    func prepare(_ step: BoundStep) throws -> PreparedKernel {
        switch self {
        case .program: try ProgramKernel.prepare(step)
        case .copy: try CopyKernel.prepare(step)
        case .pad: try PadKernel.prepare(step)
        case .fill: try FillKernel.prepare(step)
        case .sizes: try SizesKernel.prepare(step)
        case .product: try ProductKernel.prepare(step)
        case .conv: try ConvolutionKernel.prepare(step)
        case .separable: try SeparableKernel.prepare(step)
        case .convTranspose: try ConvolutionKernel.prepareTransposed(step)
        case .pool: try PoolKernel.prepare(step)
        case .softmax: try SoftmaxKernel.prepare(step)
        case .reduce: try ReduceKernel.prepare(step)
        case .norm: try NormKernel.prepare(step)
        case .groupNorm: try GroupNormKernel.prepare(step)
        case .lpNorm: try LpNormKernel.prepare(step)
        case .lrn: try LRNKernel.prepare(step)
        case .gather: try GatherKernel.prepare(step)
        case .gatherElements: try GatherElementsKernel.prepare(step)
        case .gatherND: try GatherNDKernel.prepare(step)
        case .scatterElements: try ScatterElementsKernel.prepare(step)
        case .scatterND: try ScatterNDKernel.prepare(step)
        case .oneHot: try OneHotKernel.prepare(step)
        case .range: try RangeKernel.prepare(step)
        case .cumSum: try CumSumKernel.prepare(step)
        case .topK: try TopKKernel.prepare(step)
        case .arg: try ArgKernel.prepare(step)
        case .trilu: try TriluKernel.prepare(step)
        case .recurrent: try RecurrentKernel.prepare(step)
        case .pack: try WeightPacking.prepare(step)
        case .packRecurrent: try RecurrentPacking.prepare(step)
        case .attention: try AttentionKernel.prepare(step)
        case .resize: try ResizeKernel.prepare(step)
        case .region: try RegionKernel.prepare(step)
        case .nonMaxSuppression: try NonMaxSuppressionKernel.prepare(step)
        }
    }

    /// Whether the kernel reports data that it cannot handle, such as an index outside its tensor.
    public var reportsStatus: Bool {
        switch self {
        case .gather, .gatherElements, .gatherND, .scatterElements, .scatterND, .region, .recurrent: true
        default: false
        }
    }
}
