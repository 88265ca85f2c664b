import DLCGraph
import DLCOps
import DLCRuntime

/// An operator that can compute with its channels last.
protocol HasChannelsLast: Operator {
    var channelsLast: Bool { get set }
    /// The operands that are images, by position.
    var imageOperands: [Int] { get }
    /// The results that are images; nil where all are.
    var imageResults: [Int]? { get }
}

extension HasChannelsLast {
    var imageOperands: [Int] { self is any HasEpilogue ? [0, EpilogueOperand.residual] : [0] }
    var imageResults: [Int]? { nil }
}

extension Conv: HasChannelsLast {}
extension ConvTranspose: HasChannelsLast {}
extension IntegerConv: HasChannelsLast { var imageOperands: [Int] { [0, IntegerFinishFields.addend] } }
extension FusedConv: HasChannelsLast {}
extension FusedConvTranspose: HasChannelsLast {}
extension Pool: HasChannelsLast {}
extension LRN: HasChannelsLast {}
extension GroupNormalization: HasChannelsLast {}
extension AveragePoolGradient: HasChannelsLast {}
extension MaxPoolGradient: HasChannelsLast { var imageOperands: [Int] { [0, 1] } }
extension MaxPoolSelect: HasChannelsLast { var imageOperands: [Int] { [0, 1] } }
extension ConvWeightGradient: HasChannelsLast {
    var imageOperands: [Int] { [0, 1] }
    var imageResults: [Int]? { [] }
}
extension BatchNormTraining: HasChannelsLast { var imageResults: [Int]? { [0] } }
extension BatchNormGradient: HasChannelsLast {
    var imageOperands: [Int] { [0, 4] }
    var imageResults: [Int]? { [0] }
}

/// Convolutions, pooling and local response normalisation compute with channels last, between transposes that later
/// passes move and cancel. Channels last, a 1×1 convolution is a plain product, a concatenation of channels is a write
/// with wider rows, and no channel is padding.
///
///     conv(%x, %w)   →   transpose(conv(transpose(%x), %w) {channels_last})
public let assignChannelsLast = Pass("assign-channels-last", at: .canonical) { rewriter, node in
    guard var op = node.op as? any HasChannelsLast, !op.channelsLast, let x = node.operands.first ?? nil else { return nil }
    let rank = rewriter.shape(x).count
    guard rank >= 3 else { return nil }
    op.channelsLast = true
    var operands = node.operands
    for position in op.imageOperands where position < operands.count {
        guard let operand = operands[position] else { continue }
        operands[position] = try rewriter.add1(Transpose(ChannelOrder.toLast(rank)), [operand])
    }
    // Indices of max pooling count in the channels-first tensor in either layout.
    let images = op.imageResults
    return try rewriter.add(op, operands, name: node.name).enumerated().map { index, result in
        images?.contains(index) ?? true ? try rewriter.add1(Transpose(ChannelOrder.toFirst(rank)), [result]) : result
    }
}

/// Moves transposes down through operators that can compute in the other order, so that they meet and cancel. An operator
/// reads fewer transposes afterwards, or as many in the one order of two that stays; so it changes again only when others
/// have come down to it, and the pass ends.
///
///     relu(transpose(%x))                       →   transpose(relu(%x))
///     add(transpose(%x), transpose(%y))         →   transpose(add(%x, %y))
///     concat(transpose(%x), transpose(%y))      →   transpose(concat(%x, %y)) on the permuted axis
///     reshape(transpose(%x))                    →   transpose(reshape(%x)) where it splits or joins channels that do not move afterwards,
///                                                   or makes an image of a sequence, or shuffles channels for what reads them last
public let sinkTransposes = Pass("sink-transposes", at: .canonical, rule: { graph, _ in
    let moved = Set(graph.nodes.filter { $0.op is Transpose }.flatMap { $0.operands.compactMap { $0?.index } })
    let wantedLast = valuesWantedLast(graph)
    return { try withTransposesBelow(&$0, $1, moved, wantedLast) }
})

/// The images that are read channels last in the end, some of their elements at least, and maybe their places in another order.
private func valuesWantedLast(_ graph: Graph) -> Set<Int> {
    var wanted: Set<Int> = []
    for node in graph.nodes.reversed() {
        let isRead: Bool
        switch node.op {
        case let transpose as Transpose:
            isRead = transpose.perm.count > 3 && transpose.perm.first == 0 && transpose.perm.last == 1
        case let reshape as Reshape:
            guard let operand = node.operands[0] else { continue }
            isRead = wanted.contains(node.results[0].index) && regroupsPlaces(reshape, of: graph.type(operand).shape)
        default:
            let movesAlong = node.op is Slice || node.op is Concat || node.op.definition.traits.contains(.elementwise)
            isRead = movesAlong && node.results.contains { wanted.contains($0.index) }
        }
        if isRead { wanted.formUnion(node.operands.compactMap { $0?.index }) }
    }
    return wanted
}

/// - Parameters:
///   - moved: the values that a transpose reads.
///   - wantedLast: those that should have their channels last.
private func withTransposesBelow(_ rewriter: inout Rewriter, _ node: Node, _ moved: Set<Int>, _ wantedLast: Set<Int>) throws -> [Value]? {
    guard node.results.count == 1, !(node.op is Transpose), let perm = try permutation(rewriter, node) else { return nil }
    let rank = perm.count
    if node.op.definition.traits.contains(.elementwise) {
        guard try rewriter.resultType(node).shape.count == rank else { return nil }
        let operands = try node.operands.map { try $0.map { try untransposed(&rewriter, $0, perm) } }
        let y = try rewriter.add1(node.op, operands, name: node.name)
        return [try rewriter.add1(Transpose(perm), [y])]
    }
    switch node.op {
    case var concat as Concat:
        concat.axis = perm[try InferenceRules.axis(concat.axis, rank: rank)]
        let operands = try node.operands.map { try $0.map { try untransposed(&rewriter, $0, perm) } }
        return [try rewriter.add1(Transpose(perm), [try rewriter.add1(concat, operands, name: node.name)])]
    case var reduce as Reduce:
        let axes = reduce.axes.isEmpty ? Array(0..<rank) : try InferenceRules.axes(reduce.axes, rank: rank)
        reduce.axes = axes.map { perm[$0] }.sorted()
        let y = try rewriter.add1(reduce, [try untransposed(&rewriter, node.operands[0].unsafelyUnwrapped, perm)], name: node.name)
        if reduce.keepDims { return [try rewriter.add1(Transpose(perm), [y])] }
        // Positions of the kept axes, in the order that the result wants them.
        let kept = (0..<rank).filter { !reduce.axes.contains($0) }
        let rest = (0..<rank).filter { !axes.contains($0) }.map { axis in kept.firstIndex(of: perm[axis]) ?? 0 }
        return [try rewriter.add1(Transpose(rest), [y])]
    case var softmax as Softmax:
        softmax.axis = perm[try InferenceRules.axis(softmax.axis, rank: rank)]
        let y = try rewriter.add1(softmax, [try untransposed(&rewriter, node.operands[0].unsafelyUnwrapped, perm)], name: node.name)
        return [try rewriter.add1(Transpose(perm), [y])]
    case let slice as Slice:
        let op = Slice(
            starts: inverse(perm, slice.starts), sizes: inverse(perm, slice.sizes), steps: inverse(perm, slice.steps))
        let y = try rewriter.add1(op, [try untransposed(&rewriter, node.operands[0].unsafelyUnwrapped, perm)], name: node.name)
        return [try rewriter.add1(Transpose(perm), [y])]
    case var pad as Pad:
        guard pad.pads.count == 2 * rank else { return nil }
        pad.pads = inverse(perm, Array(pad.pads.prefix(rank))) + inverse(perm, Array(pad.pads.suffix(rank)))
        var operands = node.operands
        operands[0] = try untransposed(&rewriter, operands[0].unsafelyUnwrapped, perm)
        return [try rewriter.add1(Transpose(perm), [try rewriter.add1(pad, operands, name: node.name)])]
    case let resize as Resize:
        let y = try rewriter.add1(
            permuted(resize, perm), [try untransposed(&rewriter, node.operands[0].unsafelyUnwrapped, perm)], name: node.name)
        return [try rewriter.add1(Transpose(perm), [y])]
    case var gradient as ResizeGradient:
        gradient.resize = permuted(gradient.resize, perm)
        gradient.extents = inverse(perm, gradient.extents)
        let y = try rewriter.add1(gradient, [try untransposed(&rewriter, node.operands[0].unsafelyUnwrapped, perm)], name: node.name)
        return [try rewriter.add1(Transpose(perm), [y])]
    case let reshape as Reshape:
        guard let inner = rewriter.producer(of: node.operands[0])?.operands[0] else { return nil }
        let shape = rewriter.shape(inner)
        if rank == 3 {
            // [N, C, H*W] → [N, C, H, W], of a tensor with the last two swapped.
            guard perm == [0, 2, 1], reshape.shape.count > 3, reshape.shape[0] == shape[0], reshape.shape[1] == shape[2],
                (try? Shape(reshape.shape[2...]).product()) == shape[1]
            else { return nil }
            let split = try rewriter.add1(Reshape(shape: [shape[0]] + reshape.shape[2...] + [shape[2]]), [inner], name: node.name)
            return [try rewriter.add1(Transpose(ChannelOrder.toFirst(reshape.shape.count)), [split])]
        }
        guard rank > 3 else { return nil }
        if wantedLast.contains(node.results[0].index) {
            if let shuffled = try shuffledLast(&rewriter, node, reshape, perm) { return [shuffled] }
            if let joined = try joinedLast(&rewriter, node, reshape, of: inner, perm) { return [joined] }
        }
        if !moved.contains(node.results[0].index), let (spatial, channels) = regroupedChannels(reshape, of: shape, perm) {
            let regrouped = try rewriter.add1(Reshape(shape: shape[...spatial] + channels), [inner], name: node.name)
            return [try rewriter.add1(Transpose(channelsInFront(channels.count, spatial)), [regrouped])]
        }
        guard perm == ChannelOrder.toFirst(rank) else { return nil }
        // [N, C, H, W] → [N, C, H*W] or [N, C, H/p, p, W/p, p] of a channels-last tensor: [N, …, C] with its channels moved.
        guard regroupsPlaces(reshape, of: [shape[0], shape[rank - 1]] + shape[1..<(rank - 1)]) else { return nil }
        let regrouped = try rewriter.add1(Reshape(shape: [shape[0]] + reshape.shape[2...] + [shape[rank - 1]]), [inner], name: node.name)
        return [try rewriter.add1(Transpose(ChannelOrder.toFirst(reshape.shape.count)), [regrouped])]
    default: return nil
    }
}

/// Channels in parts that change places, as those of a shuffle between groups do (Zhang et al., arXiv:1707.01083), with what follows in
/// their order: of every pixel by itself, where its channels are neighbours before and afterwards.
///
///     reshape(transpose(reshape(transpose(%x))))   →   transpose(reshape(transpose(reshape(%x))))
private func shuffledLast(_ rewriter: inout Rewriter, _ node: Node, _ join: Reshape, _ perm: [Int]) throws -> Value? {
    guard let parts = rewriter.producer(of: node.operands[0])?.operands[0], let (split, splitNode) = rewriter.produced(parts, by: Reshape.self),
        let (toFirst, first) = rewriter.produced(splitNode.operands[0], by: Transpose.self), let x = first.operands[0],
        let (spatial, channels) = regroupedChannels(split, of: rewriter.shape(x), toFirst.perm)
    else { return nil }
    let last = Array(1 + channels.count..<perm.count)
    guard perm.first == 0, Array(perm.suffix(spatial)) == last,
        let (_, joined) = regroupedChannels(
            join, of: rewriter.shape(x)[...spatial] + perm[1...channels.count].map { channels[$0 - 1] },
            channelsInFront(channels.count, spatial))
    else { return nil }
    let pixels = rewriter.shape(x)[...spatial]
    let apart = try rewriter.add1(Reshape(shape: pixels + channels), [x])
    let order = Array(0...spatial) + perm[1...channels.count].map { $0 + spatial }
    let moved = try rewriter.add1(Transpose(order), [apart])
    let y = try rewriter.add1(Reshape(shape: pixels + joined), [moved], name: node.name)
    return try rewriter.add1(Transpose(channelsInFront(joined.count, spatial)), [y])
}

/// Places that become an image again, such as windows do, with the channels behind them: `[N, C, H, W]` of parts of H and W in any order.
private func joinedLast(_ rewriter: inout Rewriter, _ node: Node, _ join: Reshape, of inner: Value, _ perm: [Int]) throws -> Value? {
    let shape = rewriter.shape(inner)
    guard perm.first == 0, perm.count > 3, perm != ChannelOrder.toFirst(perm.count), join.shape.count > 3,
        regroupsPlaces(join, of: Shape(perm.map { shape[$0] })) else { return nil }
    let moved = try rewriter.add1(Transpose([0] + perm[2...] + [perm[1]]), [inner])
    let y = try rewriter.add1(Reshape(shape: [shape[0]] + join.shape[2...] + [shape[perm[1]]]), [moved], name: node.name)
    return try rewriter.add1(Transpose(ChannelOrder.toFirst(join.shape.count)), [y])
}

/// Whether a reshape of `[N, C, places…]` leaves the first two dimensions as they are.
private func regroupsPlaces(_ reshape: Reshape, of shape: Shape) -> Bool {
    guard shape.count > 2, reshape.shape.count > 2, reshape.shape[0] == shape[0], reshape.shape[1] == shape[1],
        let places = try? Shape(shape[2...]).product()
    else { return false }
    return places == (try? Shape(reshape.shape[2...]).product())
}

/// The permutation of `[N, spatial…, channels…]` to `[N, channels…, spatial…]`.
private func channelsInFront(_ channels: Int, _ spatial: Int) -> [Int] { [0] + Array(spatial + 1...spatial + channels) + Array(1..<spatial + 1) }

/// The number of spatial dimensions and the parts of the channels that a reshape of `[N, channels…, spatial…]` gives where it leaves
/// the rest as it is.
/// - Parameters:
///   - shape: `[N, spatial…, channels…]`.
///   - perm: how its dimensions are ordered before the reshape.
private func regroupedChannels(_ reshape: Reshape, of shape: Shape, _ perm: [Int]) -> (spatial: Int, channels: Shape)? {
    let spatial = perm[1] - 1, count = reshape.shape.count - 1 - spatial
    guard spatial > 0, count > 0, perm == [0] + Array(spatial + 1..<perm.count) + Array(1..<spatial + 1), reshape.shape[0] == shape[0],
        reshape.shape.suffix(spatial) == shape[1...spatial]
    else { return nil }
    let channels = Shape(reshape.shape[1...count])
    guard let product = try? channels.product(), product == (try? Shape(shape[(spatial + 1)...]).product()) else { return nil }
    return (spatial, channels)
}

/// The permutation of the transposes among a node's operands, where moving them down does not add more than it saves.
/// Of an elementwise operator only operands of the result's shape count: what is broadcast is small, and a transpose of
/// it would send the large ones back and forth.
private func permutation(_ rewriter: Rewriter, _ node: Node) throws -> [Int]? {
    var perm: [Int]?
    var (transposed, others) = (0, 0)
    var firstIsTransposed = false
    let result = try rewriter.resultType(node).shape
    let isElementwise = node.op.definition.traits.contains(.elementwise)
    for (index, operand) in node.operands.enumerated() {
        guard let operand, isElementwise ? rewriter.shape(operand) == result : index == 0 || node.op is Concat else { continue }
        if let (transpose, _) = rewriter.produced(operand, by: Transpose.self), perm == nil || perm == transpose.perm {
            perm = transpose.perm
            firstIsTransposed = firstIsTransposed || others == 0
            transposed += 1
        } else if rewriter.constant(operand) == nil {
            others += 1
        }
    }
    guard let perm, transposed > others || transposed == others && sinksTied(perm, firstIsTransposed) else { return nil }
    return perm
}

/// Whether a transpose moves down where as many of the other operands are then transposed back. It must not come up again
/// with the next sweep: of a permutation and its inverse one sinks, channels in front before channels last; of one that is
/// its own inverse, the first operand's.
private func sinksTied(_ perm: [Int], _ firstIsTransposed: Bool) -> Bool {
    let back = inverse(perm)
    if back == perm { return firstIsTransposed }
    let toFirst = ChannelOrder.toFirst(perm.count)
    if perm.count > 3, perm == toFirst || back == toFirst { return perm == toFirst }
    return back.lexicographicallyPrecedes(perm)
}

/// The value in the order before the transpose: its source, a permuted constant, or a transpose back.
private func untransposed(_ rewriter: inout Rewriter, _ value: Value, _ perm: [Int]) throws -> Value {
    if let (transpose, node) = rewriter.produced(value, by: Transpose.self), transpose.perm == perm, let source = node.operands[0] {
        return source
    }
    let back = inverse(perm)
    var value = value
    let shape = rewriter.shape(value)
    if shape.allSatisfy({ $0.constant == 1 }) && shape.count <= perm.count { return value }
    if shape.count < perm.count {
        value = try rewriter.add1(Reshape(shape: Shape(repeating: 1, count: perm.count - shape.count) + shape), [value])
    }
    return try rewriter.add1(Transpose(back), [value])
}

/// A resize by the axes before the transpose.
private func permuted(_ resize: Resize, _ perm: [Int]) -> Resize {
    var resize = resize
    let rank = perm.count
    resize.sizes = inverse(perm, resize.sizes)
    resize.scales = inverse(perm, resize.scales)
    resize.box = inverse(perm, resize.box)
    if resize.roi.count == 2 * rank {
        resize.roi = inverse(perm, Array(resize.roi.prefix(rank))) + inverse(perm, Array(resize.roi.suffix(rank)))
    }
    return resize
}

/// The permutation that takes another back.
private func inverse(_ perm: [Int]) -> [Int] { perm.indices.map { perm.firstIndex(of: $0) ?? $0 } }

/// Elements by the axes before the transpose.
private func inverse<T>(_ perm: [Int], _ elements: [T]) -> [T] {
    guard elements.count == perm.count else { return elements }
    var result = elements
    for (position, axis) in perm.enumerated() { result[axis] = elements[position] }
    return result
}
