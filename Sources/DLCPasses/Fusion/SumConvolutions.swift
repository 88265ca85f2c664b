import DLCGraph
import DLCOps

/// Adds the weights of parallel convolutions of one image in place of their results, as RepVGG (Ding et al., 2021) and MobileOne
/// (Vasu et al., 2023) do after training: the smaller kernel lies inside of the larger, a batch norm of the image is a kernel of one
/// tap, and so is the image itself where every channel is a group (other convolutions add it when they finish).
///
///     %a = conv(%x, %w, %b);  %c = conv(%x, %v);  %y = add(%a, %c)   →   %y = conv(%x, %w + %v, %b)
///
/// Sums are others than those that are defined: of an infinite element and weights of two signs the definition makes NaN, the sum
/// of the weights an infinity. Of f32 and f64 only: halves would round every weight.
public let sumConvolutions = Pass("sum-convolutions", at: .canonical, keepsSums: false) { rewriter, node in
    guard node.op.name == "add", try [.float32, .float64].contains(rewriter.resultType(node).element), let a = node.operands[0],
        let b = node.operands[1], a != b, rewriter.shape(a) == rewriter.shape(b),
        let (first, second) = try parallel(a, b, rewriter) ?? parallel(b, a, rewriter),
        let sum = try first.taking(second) ?? second.taking(first)
    else { return nil }
    let bias = sum.bias.map { rewriter.constant($0) }
    return [try rewriter.add1(sum.op, [sum.x, rewriter.constant(sum.weights), bias], name: sum.name)]
}

/// Two values as convolutions of one image, the second perhaps that image.
private func parallel(_ a: Value, _ b: Value, _ rewriter: Rewriter) throws -> (ParallelConvolution, ParallelConvolution)? {
    guard let first = try ParallelConvolution(a, rewriter) else { return nil }
    if first.x == b {
        guard first.isDepthwise else { return nil }
        return (first, try ParallelConvolution(scaling: b, by: ChannelScaling(ofNothing: first.op.group), rewriter))
    }
    guard let second = try ParallelConvolution(b, rewriter), first.x == second.x else { return nil }
    return (first, second)
}

/// A convolution with constant weights, or what is one, whose result one node reads.
private struct ParallelConvolution {
    let x: Value
    let op: Conv
    let name: String
    /// Whether it is no convolution, but a scaled image.
    let isScaling: Bool
    /// `[O, C / group, kernel…]`.
    var weights: Tensor
    var bias: Tensor?

    /// Whether every channel is a group by itself.
    var isDepthwise: Bool { weights.shape[0] == op.group && weights.shape[1] == 1 }

    init?(_ value: Value, _ rewriter: Rewriter) throws {
        guard rewriter.useCount(value) == 1, let node = rewriter.producer(of: value), let x = node.operands.first ?? nil else {
            return nil
        }
        switch node.op {
        case let op as Conv where !op.channelsLast:
            guard let weights = rewriter.constant(node.operands[1]) else { return nil }
            let bias = node.operands.count > 2 ? node.operands[2] : nil
            self.bias = rewriter.constant(bias)
            guard bias == nil || self.bias != nil else { return nil }
            (self.x, self.op, name, isScaling, self.weights) = (x, op, node.name, false, weights)
        case let op as BatchNormalization:
            // 0 times an infinity is no number, which a weight that 0 is added to would not make.
            guard let scaling = try ChannelScaling(batchNorm: op, node, rewriter), !scaling.scale.contains(0) else { return nil }
            self = try ParallelConvolution(scaling: x, by: scaling, rewriter)
        default: return nil
        }
    }

    /// A convolution of one tap with every channel by itself.
    init(scaling x: Value, by scaling: ChannelScaling, _ rewriter: Rewriter) throws {
        let (type, channels, spatial) = (rewriter.fact(x).element, scaling.scale.count, max(0, rewriter.shape(x).count - 2))
        let ones = [Int](repeating: 1, count: spatial)
        (self.x, name, isScaling) = (x, "", true)
        op = Conv(strides: ones, pads: [Dim](repeating: 0, count: 2 * spatial), group: channels)
        weights = try Tensor(doubles: scaling.scale, type: type, shape: [channels, 1] + ones)
        bias = scaling.shift.contains { $0 != 0 } ? try Tensor(doubles: scaling.shift, type: type, shape: [channels]) : nil
    }

    /// The convolution with the other's weights added to its own; nil where these have no place in it, or a sum is no number.
    func taking(_ other: ParallelConvolution) throws -> ParallelConvolution? {
        guard !isScaling, other.op.group % op.group == 0, other.op.strides == op.strides, weights.type == other.weights.type,
            let taps = try taps(of: other),
            let sum = try weights.type == .float64 ? sum(other, taps, Double.self) : sum(other, taps, Float.self)
        else { return nil }
        var result = self
        result.weights = sum
        if bias != nil || other.bias != nil {
            let (x, y) = (try bias?.doubles(), try other.bias?.doubles())
            let total = (0..<weights.shape[0]).map { (x?[$0] ?? 0) + (y?[$0] ?? 0) }
            result.bias = try Tensor(doubles: total, type: weights.type, shape: [total.count])
        }
        return try result.bias?.doubles().allSatisfy(\.isFinite) ?? true ? result : nil
    }

    /// Both weights added, those of a tap of the other where `taps` says.
    private func sum<T: BinaryFloatingPoint & TensorElement>(_ other: ParallelConvolution, _ taps: [Int], _: T.Type) throws -> Tensor? {
        let (outputs, inputs) = (weights.shape[0], weights.shape[1])
        let (kernel, width) = (weights.shape[2...].reduce(1, *), other.weights.shape[1])
        // Groups of the other in one of its own, and their outputs.
        let inner = other.op.group / op.group, perGroup = outputs / other.op.group
        guard perGroup > 0, other.weights.shape[0] == outputs, inputs == inner * width else { return nil }
        var isFinite = true
        let sum = try Tensor(type: weights.type, shape: weights.shape) { bytes in
            weights.withUnsafeBytes { bytes.copyMemory(from: $0) }
            let target = bytes.bindMemory(to: T.self)
            try other.weights.withElements(of: T.self) { added in
                for row in 0..<outputs * width {
                    let (output, input) = (row / width, row % width + row / width / perGroup % inner * width)
                    let start = (output * inputs + input) * kernel
                    for (tap, place) in taps.enumerated() { target[start + place] += added[row * taps.count + tap] }
                }
            }
            isFinite = target.allSatisfy(\.isFinite)
        }
        return isFinite ? sum : nil
    }

    /// Which of its taps reads what a tap of the other does, for all in the order of its kernel.
    private func taps(of other: ParallelConvolution) throws -> [Int]? {
        let spatial = weights.rank - 2
        guard spatial > 0, other.weights.rank == weights.rank, op.dilations.count == spatial, other.op.dilations.count == spatial,
            let pads = op.pads.constants, let otherPads = other.op.pads.constants, pads.count + otherPads.count == 4 * spatial,
            (pads + otherPads + op.dilations + other.op.dilations).allSatisfy({ $0.magnitude < 1 << 30 })
        else { return nil }
        var places = [0]
        for axis in 0..<spatial {
            let extent = weights.shape[axis + 2]
            var along: [Int] = []
            for tap in 0..<other.weights.shape[axis + 2] {
                let distance = tap * other.op.dilations[axis] + pads[axis] - otherPads[axis]
                guard distance % op.dilations[axis] == 0, (0..<extent).contains(distance / op.dilations[axis]) else { return nil }
                along.append(distance / op.dilations[axis])
            }
            places = places.flatMap { place in along.map { place * extent + $0 } }
        }
        return places
    }
}
