import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

extension Lowering {
    /// Convolution over channels-last tensors, its weights packed for the algorithm that `chooseAlgorithms` settled.
    mutating func lower(_ op: FusedConv, _ node: Node) throws {
        try lowerConvolution(
            node, geometry: try ConvolutionGeometry(op.conv, kernel: kernel(node)), epilogue: op)
    }

    mutating func lower(_ op: Conv, _ node: Node) throws {
        var fused = FusedConv(op)
        fused.channelsLast = op.channelsLast
        try lower(fused, node)
    }

    mutating func lower(_ op: FusedConvTranspose, _ node: Node) throws {
        try lowerTransposed(node, geometry: try ConvolutionGeometry(op.conv, kernel: kernel(node)), epilogue: op)
    }

    mutating func lower(_ op: ConvTranspose, _ node: Node) throws {
        var fused = FusedConvTranspose(op)
        fused.channelsLast = op.channelsLast
        try lower(fused, node)
    }

    private mutating func lowerConvolution(
        _ node: Node, geometry: ConvolutionGeometry, epilogue: any HasEpilogue
    ) throws {
        guard geometry.channelsLast else { throw DLCError("was not laid out") }
        let (x, w, y) = (try operand(node, 0), try operand(node, 1), node.results[0])
        guard (3...5).contains(graph.shape(x).count) else { throw DLCError("more than three spatial dimensions are not supported") }
        let algorithm = algorithms[y.index] ?? (graph.type(w).element == .float32 ? DLC_CONV_IGEMM : DLC_CONV_DIRECT)
        let packed = try weights(w, geometry, algorithm, of: node)
        let (input, _) = try pixels(x)
        let result = try pixelDestination(y)
        let operands = try epilogueOperands(node)
        let work = try graph.shape(y).product().times(Shape(graph.shape(w).dropFirst()).product()).times(2)
        let kernel = try ConvolutionKernel {
            $0.algorithm = algorithm
            $0.groups = geometry.group
            $0.window = geometry.window
            $0.epilogue = try self.epilogue(epilogue)
        }
        emit(
            kernel, node, summary: summary("conv", epilogue, operands),
            operands: [input, packed, operands.bias, operands.residual, operands.slope],
            results: [result], operations: work)
    }

    /// Weights as an algorithm reads them.
    private mutating func weights(
        _ w: Value, _ geometry: ConvolutionGeometry, _ algorithm: dlc_conv_algorithm, of node: Node
    ) throws -> Plan.Operand {
        guard let form = Self.packingForm(algorithm) else { return try contiguous(w) }
        let packing = PackKernel(form, kernel: geometry.kernel)
        return try packed(w, packing, for: node) { try $0.asWeights(groups: geometry.group, isTransposed: false) }
    }

    /// How an algorithm's weights are packed; nil where it reads them as they are.
    static func packingForm(_ algorithm: dlc_conv_algorithm) -> dlc_pack_form? {
        switch algorithm {
        case DLC_CONV_IGEMM: DLC_PACK_PANELS
        case DLC_CONV_WINOGRAD_2: DLC_PACK_WINOGRAD_2
        case DLC_CONV_WINOGRAD_4: DLC_PACK_WINOGRAD_4
        case DLC_CONV_WINOGRAD_STRIDED: DLC_PACK_WINOGRAD_STRIDED
        case DLC_CONV_DEPTHWISE: DLC_PACK_CHANNELS
        case DLC_CONV_STRASSEN: DLC_PACK_STRASSEN
        case DLC_CONV_PAIRS: DLC_PACK_PAIRS
        case DLC_CONV_SPLIT: DLC_PACK_SPLIT
        default: nil
        }
    }

    private mutating func lowerTransposed(_ node: Node, geometry: ConvolutionGeometry, epilogue: any HasEpilogue) throws {
        guard geometry.channelsLast else { throw DLCError("was not laid out") }
        let (x, w, y) = (try operand(node, 0), try operand(node, 1), node.results[0])
        guard (3...5).contains(graph.shape(x).count) else { throw DLCError("more than three spatial dimensions are not supported") }
        var weights: Plan.Operand
        // Where every channel is a group of its own, channels are the lanes and not the outputs of one group.
        let isDepthwise =
            graph.type(w).element == .float32 && geometry.group > 1 && Array(graph.shape(w).prefix(2)) == [Dim(geometry.group), 1]
        var isNarrow = false
        if graph.type(w).element == .float32 {
            if let inputs = graph.shape(w)[0].constant, let outputs = graph.shape(w)[1].constant {
                isNarrow = dlc_conv_transpose_is_narrow(target.isa, Int64(geometry.group), Int64(inputs), Int64(outputs))
            }
            let packing =
                isDepthwise || isNarrow
                ? PackKernel(isNarrow ? DLC_PACK_TURNED : DLC_PACK_CHANNELS, kernel: geometry.kernel)
                : PackKernel(DLC_PACK_PHASES, kernel: geometry.kernel, stride: geometry.strides, dilation: geometry.dilations)
            weights = try packed(w, packing, for: node) { try $0.asWeights(groups: geometry.group, isTransposed: true) }
        } else {
            weights = try contiguous(w)
        }
        let (input, _) = try pixels(x)
        let result = try pixelDestination(y)
        let operands = try epilogueOperands(node)
        let work = try graph.shape(x).product().times(Shape(graph.shape(w).dropFirst()).product()).times(2)
        let kernel = try TransposedConvolutionKernel {
            $0.groups = geometry.group
            $0.window = geometry.window
            $0.epilogue = try self.epilogue(epilogue)
            ($0.isDepthwise, $0.isNarrow) = (isDepthwise, isNarrow)
        }
        emit(
            kernel, node, summary: summary("conv_transpose", epilogue, operands),
            operands: [input, weights, operands.bias, operands.residual, operands.slope], results: [result], operations: work)
    }

    /// The place of a result whose pixels must be equally spaced.
    mutating func pixelDestination(_ value: Value) throws -> Plan.Operand {
        let result = try destination(value)
        guard try Self.pixelStride(result) != nil else { throw DLCError("the result's pixels are not equally spaced") }
        return result
    }

    /// Max and average pooling.
    mutating func lower(_ op: Pool, _ node: Node) throws {
        guard op.channelsLast, let x = node.operands[0] else { throw DLCError("was not laid out") }
        let (input, _) = try pixels(x)
        let result = try destination(node.results[0])
        let spatial = op.pads.count / 2
        let kernel = try PoolKernel {
            $0.kind = try dlc_pool_kind(named: op.kind.rawValue)
            $0.countsPadding = op.countIncludePad
            $0.columnMajor = op.storageOrder == 1
            $0.p = op.p
            $0.window.kernel = op.kernel
            $0.window.stride = op.strides
            $0.window.dilation = op.dilations
            $0.window.before = Array(op.pads.prefix(spatial))
            $0.window.after = Array(op.pads.suffix(spatial))
        }
        var results: [Plan.Operand?] = [result]
        var copy: (from: Plan.Operand, to: Plan.Operand)?
        if node.results.count > 1, useCounts[node.results[1].index] > 0 {
            let (target, place) = try contiguousDestination(node.results[1])
            results.append(target)
            copy = place.map { (target, $0) }
        }
        emit(
            kernel, node, operands: [input], results: results,
            operations: try graph.shape(node.results[0]).product().times(Dim(op.kernel.reduce(1, *))))
        if let copy { try emitCopy(from: copy.from, to: copy.to, name: node.name) }
    }

    /// A number for a dimension, to choose algorithms by where it is symbolic.
    func nominal(_ dim: Dim) -> Int {
        if let constant = dim.constant { return constant }
        let values = Dictionary(
            uniqueKeysWithValues: dim.symbols.map { symbol in
                (symbol, options.likely[symbol] ?? (symbol.lowercased().contains("batch") || symbol == "N" ? 1 : 64))
            })
        return (try? dim.evaluate(values)) ?? 64
    }
}

extension Lowering {
    /// The kernel of a convolution's weights.
    func kernel(_ node: Node) throws -> [Int] {
        let shape = graph.shape(try operand(node, 1))
        guard let kernel = Shape(shape.dropFirst(2)).constants else { throw DLCError("the kernel's extents must be numbers") }
        return kernel
    }

    /// A convolution for choosing its algorithm: groups and channels as the weights have them, extents of images by nominal
    /// numbers where they are symbolic, operands and result without gaps. Nil where the channels are symbolic, too.
    func nominalShape(_ node: Node, _ geometry: ConvolutionGeometry, _ epilogue: any HasEpilogue) throws -> dlc_conv? {
        let (x, y, weights) = (graph.shape(try operand(node, 0)), graph.shape(node.results[0]), graph.shape(try operand(node, 1)))
        guard (3...5).contains(x.count), let outputs = weights[0].constant, let inputs = weights[1].constant else { return nil }
        func volume(_ shape: Shape) -> (Int64, Int64, Int64) {
            let spatial = geometry.three(shape[1..<(shape.count - 1)].map { nominal($0) }, 1)
            return (Int64(spatial[0]), Int64(spatial[1]), Int64(spatial[2]))
        }
        func three(_ values: [Int], _ missing: Int) -> (Int64, Int64, Int64) {
            let all = geometry.three(values, missing)
            return (Int64(all[0]), Int64(all[1]), Int64(all[2]))
        }
        var conv = dlc_conv()
        conv.type = graph.type(try operand(node, 1)).element.kernelType
        conv.n = Int64(nominal(x[0]))
        (conv.d, conv.h, conv.w) = volume(x)
        (conv.od, conv.oh, conv.ow) = volume(y)
        conv.c = Int64(try Checked.multiply(inputs, geometry.group))
        conv.oc = Int64(outputs)
        conv.groups = Int64(geometry.group)
        conv.kernel = three(geometry.kernel, 1)
        conv.stride = three(geometry.strides, 1)
        conv.dilation = three(geometry.dilations, 1)
        conv.pad = three(geometry.pads.prefix(geometry.pads.count / 2).map { nominal($0) }, 0)
        (conv.x_ld, conv.y_ld, conv.residual_ld) = (conv.c, conv.oc, conv.oc)
        conv.epilogue.activation = try activation(epilogue.activation)
        return conv
    }
}

/// Kernel, strides, dilations and padding as depth, height and width.
struct ConvolutionGeometry {
    var kernel: [Int]
    var strides: [Int]
    var dilations: [Int]
    var pads: [Dim]
    var group = 1
    var channelsLast = true

    init(_ conv: Conv, kernel: [Int]) {
        (self.kernel, strides, dilations, pads) = (kernel, conv.strides, conv.dilations, conv.pads)
        (group, channelsLast) = (conv.group, conv.channelsLast)
    }

    init(_ conv: ConvTranspose, kernel: [Int]) {
        (self.kernel, strides, dilations, pads) = (kernel, conv.strides, conv.dilations, conv.pads)
        (group, channelsLast) = (conv.group, conv.channelsLast)
    }

    /// Depth, height and width from the values of the last dimensions.
    func three<T>(_ values: [T], _ missing: T) -> [T] { [T](repeating: missing, count: max(0, 3 - values.count)) + values }

    /// The kernels' form of it.
    var window: Window {
        Window {
            ($0.kernel, $0.stride, $0.dilation) = (kernel, strides, dilations)
            ($0.before, $0.after) = (Array(pads.prefix(pads.count / 2)), Array(pads.suffix(pads.count / 2)))
        }
    }
}

extension Lowering {
    struct EpilogueOperands {
        var bias: Plan.Operand?
        var residual: Plan.Operand?
        var slope: Plan.Operand?
    }

    mutating func epilogueOperands(_ node: Node) throws -> EpilogueOperands {
        func at(_ position: Int) -> Value? { position < node.operands.count ? node.operands[position] : nil }
        var operands = EpilogueOperands()
        if let bias = at(EpilogueOperand.bias) { operands.bias = try contiguous(bias) }
        if let residual = at(EpilogueOperand.residual) {
            operands.residual = node.op is FusedMatMul ? try innerContiguous(residual) : try pixels(residual).operand
        }
        if let slope = at(EpilogueOperand.slope) { operands.slope = try contiguous(slope) }
        return operands
    }

    func epilogue(_ op: any HasEpilogue) throws -> Epilogue {
        try Epilogue {
            $0.activation = try activation(op.activation)
            $0.residualAfterActivation = op.residualAfterActivation
            ($0.a, $0.b) = (op.alpha, op.beta)
        }
    }

    func summary(_ name: String, _ op: any HasEpilogue, _ operands: EpilogueOperands) -> String {
        var parts = [name]
        if operands.residual != nil && !op.residualAfterActivation { parts.append("add") }
        if op.activation != .none { parts.append(op.activation.rawValue) }
        if operands.residual != nil && op.residualAfterActivation { parts.append("add") }
        return parts.joined(separator: " + ")
    }

    func activation(_ kind: ActivationKind) throws -> dlc_activation { try dlc_activation(named: kind.rawValue) }
}
