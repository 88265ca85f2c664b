import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

/// A convolution, or a product with a constant matrix, and the algorithms that could compute it. A product is seen as a 1×1
/// convolution over a line of pixels, one per row.
struct ChoosableLayer {
    /// What an algorithm takes on one core: a run with packed weights, and packing them.
    typealias Cost = (run: Double, packing: Double)

    var node: Node
    /// Extents by nominal numbers where they are symbolic.
    var shape: dlc_conv
    var hasResidual: Bool
    /// Whether weights are packed at every run.
    var packsAtRun: Bool
    var algorithms: [dlc_conv_algorithm]

    /// Bytes of packed weights in the file.
    func packedBytes(_ algorithm: dlc_conv_algorithm, _ target: Target) -> Int {
        if packsAtRun { return 0 }
        var shape = shape
        shape.algorithm = algorithm
        return Int(dlc_conv_packed_bytes(target.isa, &shape))
    }

    /// Bytes of the weights as they are.
    func plainBytes() -> Int {
        var shape = shape
        shape.algorithm = DLC_CONV_DIRECT
        return Int(dlc_conv_packed_bytes(DLC_ISA_PORTABLE, &shape))
    }

    /// The packing of an algorithm's weights; nil where they are read as they are.
    private func packing(_ algorithm: dlc_conv_algorithm) -> dlc_pack? {
        guard algorithm != DLC_CONV_DIRECT else { return nil }
        var shape = shape
        shape.algorithm = algorithm
        return dlc_conv_packing(&shape)
    }

    /// An estimate of what packing takes on one core.
    func packingCycles(_ algorithm: dlc_conv_algorithm, _ target: Target) -> Double {
        packing(algorithm).map { packing in withUnsafePointer(to: packing) { dlc_pack_cost(target.isa, $0) } } ?? 0
    }

    /// What packing takes on this thread.
    func packingSeconds(_ algorithm: dlc_conv_algorithm, _ target: Target) -> Double {
        guard var packing = packing(algorithm) else { return 0 }
        let bytes = Int(dlc_pack_bytes(target.isa, &packing))
        guard bytes >= 0 else { return .infinity }
        let weights = [Float](repeating: 1, count: Int(packing.groups * packing.group_step))
        var packed = [Float](repeating: 0, count: bytes / 4)
        return (0..<3).map { _ in
            let start = dlc_nanoseconds()
            _ = dlc_pack_run(target.isa, packing, weights, &packed)
            return Double(max(1, dlc_nanoseconds() - start)) * 1e-9
        }.min() ?? .infinity
    }
}

extension Lowering {
    /// The algorithm of each layer with a choice, by the index of its result, and the layers packed when the model is loaded.
    ///
    /// Each is the fastest by estimate (`dlc_conv_cost`) or, with `options.tuning`, by measurement, as long as all
    /// constants together stay below twice their size in the graph: F(4×4) makes 3×3 weights four times as large,
    /// Strassen's algorithm makes a matrix 1.75 times as large. Where there is no room in the file, weights stay there as they
    /// are and are packed at load, as long as all of that takes no longer than a run. Weights that are computed take no place
    /// in the file, but each run packs them.
    func chooseAlgorithms() throws -> (algorithms: [Int: dlc_conv_algorithm], packedAtLoad: Set<Int>) {
        let layers = graph.nodes.compactMap { choosable($0) }
        guard !layers.isEmpty else { return ([:], []) }
        let (total, others) = constantBytes(beside: layers)
        let costs = try costs(layers, modelBytes: total)
        let items = zip(layers, costs).map { layer, costs in
            zip(layer.algorithms, costs).map { Alternative(cost: $1.run, bytes: layer.packedBytes($0, target)) }
        }
        // A 64th stays for the table and for alignment.
        let limit = 2 * total - total / 64 - others
        let chosen = WeightBudget.choose(items, within: limit)
        let late = WeightBudget.packedAtLoad(items, chosen: chosen, packings: costs.map { $0.map(\.packing) })
        let fitting = WeightBudget.fitting(late, items, chosen: chosen, plain: layers.map { $0.plainBytes() }, within: limit)
        var result: (algorithms: [Int: dlc_conv_algorithm], packedAtLoad: Set<Int>) = ([:], [])
        for (index, layer) in layers.enumerated() {
            result.algorithms[layer.node.results[0].index] = layer.algorithms[late[index] ?? chosen[index]]
            if late[index] != nil, !fitting.contains(index) { result.packedAtLoad.insert(layer.node.results[0].index) }
        }
        return result
    }

    /// Bytes of all constants, and of those that something else than the layers reads as they are. Matrices in few bits are not
    /// counted: what they leave is not given to others.
    private func constantBytes(beside layers: [ChoosableLayer]) -> (total: Int, others: Int) {
        let choosable = Set(layers.map { $0.node.results[0].index })
        var (others, weights) = (Set(graph.results.map(\.index)), Set<Int>())
        for node in graph.nodes {
            let result = node.results.first?.index ?? -1
            let isCompact = compactProducts[result] != nil
            for case let (position, operand?) in node.operands.enumerated() where !(isCompact && position == 1) {
                if position == 1, choosable.contains(result) { weights.insert(operand.index) } else { others.insert(operand.index) }
            }
        }
        var bytes = (total: 0, others: 0)
        for node in graph.nodes {
            guard let constant = node.op as? Constant else { continue }
            let (size, index) = (constant.value.count * constant.value.type.size, node.results[0].index)
            if others.contains(index) { bytes.others += size }
            if others.contains(index) || weights.contains(index) { bytes.total += size }
        }
        return bytes
    }

    /// Nil for what has no choice, and for what lowering will refuse with an error.
    private func choosable(_ node: Node) -> ChoosableLayer? {
        let shape: dlc_conv? =
            switch node.op {
            case let op as FusedConv: convolution(op, node)
            case let op as Conv: convolution(FusedConv(op), node)
            case let op as FusedMatMul: product(op, node)
            default: nil
            }
        guard var shape else { return nil }
        let packsAtRun = node.operands[1].map { graph.constant($0) == nil } ?? false
        let transforming = options.exact ? [] : transforms(node, packsAtRun: packsAtRun)
        // Their weights' layout is one of settled extents.
        let canSplit = graph.shape(node.operands[1] ?? node.results[0]).allSatisfy { $0.constant != nil }
        let rounding = !canSplit ? [] : options.arithmetic == .bfloat16 ? [DLC_CONV_PAIRS] : splitsProducts ? [DLC_CONV_SPLIT] : []
        let fast = ([DLC_CONV_IGEMM, DLC_CONV_DEPTHWISE] + transforming + rounding).filter { dlc_conv_supports(target.isa, &shape, $0) }
        let hasResidual = EpilogueOperand.residual < node.operands.count && node.operands[EpilogueOperand.residual] != nil
        return ChoosableLayer(
            node: node, shape: shape, hasResidual: hasResidual, packsAtRun: packsAtRun, algorithms: fast.isEmpty ? [DLC_CONV_DIRECT] : fast)
    }

    /// Whether floats may be multiplied as sums of two numbers of bfloat16, which pays where the processor multiplies tiles of those.
    var splitsProducts: Bool { options.arithmetic == .bfloat16Twice && options.describeProcessor().amx }

    /// Algorithms whose conditions hold for every value of the symbols, where those of the kernel hold for nominal ones.
    private func transforms(_ node: Node, packsAtRun: Bool) -> [dlc_conv_algorithm] {
        guard let x = node.operands[0].map({ graph.shape($0) }) else { return [] }
        let y = graph.shape(node.results[0])
        let isSettled = (x + y).allSatisfy { $0.constant != nil }
        // Strassen's product wants lines of pixels equally far apart, and its sums of weights cost too much to take at run time.
        let strassen = isSettled && !packsAtRun ? [DLC_CONV_STRASSEN] : []
        let pads = (node.op as? FusedConv)?.conv.pads ?? (node.op as? Conv)?.pads ?? []
        guard pads.allSatisfy({ $0.constant != nil }) else { return strassen }
        return [DLC_CONV_WINOGRAD_2, DLC_CONV_WINOGRAD_4, DLC_CONV_WINOGRAD_STRIDED] + strassen
    }

    private func convolution(_ op: FusedConv, _ node: Node) -> dlc_conv? {
        guard op.channelsLast, let w = node.operands[1], let kernel = Shape(graph.shape(w).dropFirst(2)).constants else { return nil }
        return (try? nominalShape(node, ConvolutionGeometry(op.conv, kernel: kernel), op)).flatMap { $0 }
    }

    /// Products whose rows are one matrix, of an extent that is known, times a constant matrix in f32 with all its bits.
    private func product(_ op: FusedMatMul, _ node: Node) -> dlc_conv? {
        guard !op.transA, compactProducts[node.results[0].index] == nil, let weights = constantMatrix(node),
            node.operands.dropFirst(EpilogueOperand.slope + 1).allSatisfy({ $0 == nil }),
            let rows = try? graph.shape(node.results[0]).dropLast().reduce(Dim(1), { try $0.times($1) }).constant
        else { return nil }
        let (k, n) = (weights.shape[weights.rank - (op.transB ? 1 : 2)], weights.shape[weights.rank - (op.transB ? 2 : 1)])
        var shape = dlc_conv()
        shape.type = DLC_F32
        (shape.n, shape.d, shape.h, shape.w, shape.c) = (1, 1, 1, Int64(rows), Int64(k))
        (shape.od, shape.oh, shape.ow, shape.oc) = (1, 1, Int64(rows), Int64(n))
        shape.groups = 1
        (shape.kernel, shape.stride, shape.dilation, shape.pad) = ((1, 1, 1), (1, 1, 1), (1, 1, 1), (0, 0, 0))
        (shape.x_ld, shape.y_ld, shape.residual_ld) = (shape.c, shape.oc, shape.oc)
        shape.epilogue.activation = (try? activation(op.activation)) ?? DLC_ACT_NONE
        return shape
    }

    /// Of each algorithm of each layer, in seconds where they are measured, else in cycles: a run, and packing the weights at load, which
    /// cannot be where a run packs them.
    private func costs(_ layers: [ChoosableLayer], modelBytes: Int) throws -> [[ChoosableLayer.Cost]] {
        let costs = try options.tuning?.seconds(layers, target: target, modelBytes: modelBytes) ?? layers.map { estimates($0) }
        return zip(layers, costs).map { layer, costs in layer.packsAtRun ? costs.map { ($0.run + $0.packing, .infinity) } : costs }
    }

    private func estimates(_ layer: ChoosableLayer) -> [ChoosableLayer.Cost] {
        var processor = options.describeProcessor(), shape = layer.shape
        return layer.algorithms.map {
            let run = dlc_conv_cost(&processor, target.isa, &shape, $0) * (options.probes?.factor($0) ?? 1)
            return (run, layer.packingCycles($0, target))
        }
    }
}
