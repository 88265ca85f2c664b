import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

/// A convolution or product with constant weights, and the algorithms that could compute it. A product is seen as a 1×1
/// convolution over a line of pixels, one per row.
struct ChoosableLayer {
    var node: Node
    /// Extents by nominal numbers where they are symbolic.
    var shape: dlc_conv
    var hasResidual: Bool
    var algorithms: [dlc_conv_algorithm]

    func packedBytes(_ algorithm: dlc_conv_algorithm, _ target: Target) -> Int {
        var shape = shape
        shape.algorithm = algorithm
        return Int(dlc_conv_packed_bytes(target.isa, &shape))
    }
}

extension Lowering {
    /// The algorithm of each layer with a choice, by the index of its result.
    ///
    /// Each is the fastest by estimate (`dlc_conv_cost`) or, with `options.tuning`, by measurement, as long as all
    /// constants together stay below twice their size in the graph: F(4×4) makes 3×3 weights four times as large,
    /// Strassen's algorithm makes a matrix 1.75 times as large.
    func chooseAlgorithms() throws -> [Int: dlc_conv_algorithm] {
        let layers = graph.nodes.compactMap { choosable($0) }
        guard !layers.isEmpty else { return [:] }
        let (total, others) = constantBytes(beside: layers)
        let items = zip(layers, try costs(layers, modelBytes: total)).map { layer, costs in
            zip(layer.algorithms, costs).map { Alternative(cost: $1, bytes: layer.packedBytes($0, target)) }
        }
        // A 64th stays for the table and for alignment.
        let limit = 2 * total - total / 64 - others
        var result: [Int: dlc_conv_algorithm] = [:]
        for (layer, choice) in zip(layers, WeightBudget.choose(items, within: limit)) {
            result[layer.node.results[0].index] = layer.algorithms[choice]
        }
        return result
    }

    /// Bytes of all constants, and of those that something else than the layers reads as they are.
    private func constantBytes(beside layers: [ChoosableLayer]) -> (total: Int, others: Int) {
        let choosable = Set(layers.map { $0.node.results[0].index })
        var others = Set(graph.outputs.map(\.value.index))
        for node in graph.nodes {
            let isLayer = node.results.first.map { choosable.contains($0.index) } ?? false
            for case let (position, operand?) in node.operands.enumerated() where !(isLayer && position == 1) { others.insert(operand.index) }
        }
        var bytes = (total: 0, others: 0)
        for node in graph.nodes {
            guard let constant = node.op as? Constant else { continue }
            let size = constant.value.count * constant.value.type.size
            bytes.total += size
            if others.contains(node.results[0].index) { bytes.others += size }
        }
        return bytes
    }

    /// Nil for what has no choice, and for what lowering will refuse with an error.
    private func choosable(_ node: Node) -> ChoosableLayer? {
        let shape: dlc_conv? = switch node.op {
        case let op as FusedConv: convolution(op, node)
        case let op as Conv: convolution(FusedConv(op), node)
        case let op as FusedMatMul: product(op, node)
        default: nil
        }
        guard var shape else { return nil }
        // Strassen's product does not serve all extents that symbols may have.
        let extents = (node.operands[0].map { graph.shape($0) } ?? []) + graph.shape(node.results[0])
        let strassen = extents.allSatisfy { $0.constant != nil } ? [DLC_CONV_STRASSEN] : []
        let transforming = options.exact ? [] : [DLC_CONV_WINOGRAD_2, DLC_CONV_WINOGRAD_4, DLC_CONV_WINOGRAD_STRIDED] + strassen
        let fast = ([DLC_CONV_IGEMM, DLC_CONV_DEPTHWISE] + transforming).filter { dlc_conv_supports(target.isa, &shape, $0) }
        let hasResidual = EpilogueOperand.residual < node.operands.count && node.operands[EpilogueOperand.residual] != nil
        return ChoosableLayer(
            node: node, shape: shape, hasResidual: hasResidual, algorithms: fast.isEmpty ? [DLC_CONV_DIRECT] : fast)
    }

    private func convolution(_ op: FusedConv, _ node: Node) -> dlc_conv? {
        guard op.channelsLast, let w = node.operands[1], graph.constant(w) != nil,
            let kernel = Shape(graph.shape(w).dropFirst(2)).constants
        else { return nil }
        return try? nominalShape(node, ConvolutionGeometry(op.conv, kernel: kernel), op)
    }

    /// Products whose rows are one matrix, of an extent that is known, times a constant matrix in f32.
    private func product(_ op: FusedMatMul, _ node: Node) -> dlc_conv? {
        guard !op.transA, let b = node.operands[1], let weights = graph.constant(b), weights.type == .float32, weights.rank >= 2,
            weights.shape.dropLast(2).allSatisfy({ $0 == 1 }),
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
        shape.epilogue.activation = activation(op.activation)
        return shape
    }

    /// Of each algorithm of each layer: seconds where they are measured, else cycles.
    private func costs(_ layers: [ChoosableLayer], modelBytes: Int) throws -> [[Double]] {
        if let tuning = options.tuning { return try tuning.seconds(layers, target: target, modelBytes: modelBytes) }
        var processor = options.processor.description(target)
        return layers.map { layer in
            var shape = layer.shape
            return layer.algorithms.map { dlc_conv_cost(&processor, target.isa, &shape, $0) }
        }
    }
}
