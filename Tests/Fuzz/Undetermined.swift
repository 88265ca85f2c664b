import DLC

/// Which elements of a convolution's or a recurrent layer's results the algorithm decides, not the model, since what they are
/// made of is not finite. Moved computations give them anything, so that neither they nor what follows from them count.
///
/// What infinite weights make of padding, and of what lies behind a sequence's end, depends on the algorithm, and no model has
/// such, as none has infinite scales of integers. Nor is it settled what a weight of attention that is nearly 0 makes of an
/// infinite value, nor what causal attention's gradient makes of keys that a query does not see, where some operand is infinite:
/// its weight for them is 0; nor what scores are, or in the gradient weights' own, that f32 has no number for, nor sums of
/// products that it has none for. Where kernels may sum in another way than is defined (`--exact` forbids it), an infinite
/// element of an image spreads over a tile of Winograd's, since an infinity less another is no number, and weights of convolutions
/// of one image whose results are added are added first.
struct Undetermined {
    private enum Part {
        case all
        /// Along the first dimension of the results, or that of channels.
        case images(Set<Int>)
        case channels(Set<Int>)
    }

    private let parts: [Part]
    private let channelsLast: Bool
    var isEmpty: Bool { parts.isEmpty }

    /// - Parameter isSum: whether it adds convolutions of one image.
    init(_ node: Node, _ operands: [Tensor?], isSum: Bool, isExact: Bool) throws {
        let name = node.op.name
        channelsLast = node.op.attribute("channels_last") == .bool(true)
        var parts: [Part] = []
        if ["rnn", "gru", "lstm"].contains(where: { name.hasPrefix($0) }) {
            if try operands.dropFirst().prefix(2).contains(where: { try !($0?.isFinite() ?? true) }) { parts.append(.all) }
        } else if name == "dequantize_linear", !isExact, operands.count > 1 {
            // Scales are taken out of sums.
            if try !(operands[1]?.isFinite() ?? true) { parts.append(.all) }
        } else if let attention = node.op as? Attention {
            // A weight that f32 has no number for is 0, with which an infinite value makes NaN.
            let spread = try Self.spread(attention, operands)
            if try operands[2].map({ try !$0.isFinite() }) ?? false, spread > 87 { parts.append(.all) }
            if try spread > Self.largestScore || Self.absorbs(operands) { parts.append(.all) }
        } else if let gradient = node.op as? AttentionGradient {
            let largest = try max(Self.spread(gradient.layer, operands), Self.largestTerm(gradient, operands))
            if try largest > Self.largestScore || Self.absorbs(operands) { parts.append(.all) }
            if gradient.layer.causal, try operands.contains(where: { try !($0?.isFinite() ?? true) }) { parts.append(.all) }
        } else if let align = (node.op as? RegionAlign) ?? (node.op as? RegionAlignGradient)?.align {
            // The largest product of four is another where a sample moves past an element.
            if align.mode == .max, let boxes = operands[0], try Self.isOnElements(align, boxes.doubles()) { parts.append(.all) }
        } else if name.contains("conv"), operands.count > 1, let x = operands[0], let weights = operands[1] {
            let isForward = name == "conv" || name == "fused_conv"
            let rows = try weights.rowsNotFinite()
            if !rows.isEmpty { parts.append(isForward ? .channels(rows) : .all) }
            if !isExact, weights.shape.dropFirst(2).contains(where: { $0 > 1 }) {
                let images = try x.rowsNotFinite()
                if !images.isEmpty { parts.append(isForward || name.hasSuffix("conv_transpose") ? .images(images) : .all) }
            }
        }
        if node.op is Inverse, let matrices = operands.first ?? nil, try matrices.isFinite() {
            // As many digits are lost as the condition number has; whether a matrix is singular is among them.
            let inverse = try node.op.evaluate(operands)[0]
            let condition = try inverse.isFinite() ? matrices.largest() * inverse.largest() : .infinity
            if condition > (matrices.type == .float64 ? 1e12 : 1e4) { parts.append(.all) }
        }
        if isSum, !isExact {
            let images = try operands.reduce(into: Set<Int>()) { try $0.formUnion($1?.rowsNotFinite() ?? []) }
            if !images.isEmpty { parts.append(.images(images)) }
        }
        if ["matmul", "fused_matmul", "gemm"].contains(name) || name.contains("conv"), operands.count > 1 {
            // Where terms may be infinite in f32, which of two signs a sum has depends on its order.
            let largest = try operands.prefix(2).map { try $0?.largest() ?? 0 }
            if largest[0] * largest[1] > Self.largestScore { parts.append(.all) }
        }
        self.parts = parts
    }

    /// Scores beyond it may be infinite in f32, which masks a key, where those of the oracle, in f64, are not.
    private static let largestScore = 1e38

    /// How far apart the finite scores of a query can be.
    private static func spread(_ op: Attention, _ operands: [Tensor?]) throws -> Double {
        let largest = try operands.map { try $0?.largest() ?? 0 }
        let depth = Double(operands[0]?.shape.last ?? 0)
        return 2 * (abs(op.scale) * depth * largest[0] * largest[1] + (largest.count > 3 ? largest[3] : 0))
    }

    /// Whether what a mask adds leaves of scores nothing in f32: where it takes a key away for good, nothing of it is read.
    private static func absorbs(_ operands: [Tensor?]) throws -> Bool {
        guard operands.count > 3, let mask = operands[3], mask.type.isFloat, let keys = mask.shape.last, keys > 0 else { return false }
        let values = try mask.doubles()
        return stride(from: 0, to: values.count, by: keys).contains { row in
            let largest = values[row..<row + keys].max() ?? 0
            return largest.isFinite && abs(largest) > 1e4
        }
    }

    /// The largest terms that an operator's sums may have: its operands, or in the gradients of queries and keys the gradient of a
    /// weight, a product of dy and v less one of dy and y, times a key or a query.
    static func largestTerm(_ op: any Operator, _ operands: [Tensor?]) throws -> Double {
        let largest = try operands.map { try $0?.largest() ?? 0 }
        guard let op = op as? AttentionGradient else { return largest.max() ?? 0 }
        guard largest.count > 5, let depth = operands[2]?.shape.last else { return 0 }
        let weight = Double(depth) * largest[5] * max(largest[2], largest[4])
        return max(weight, abs(op.layer.scale) * weight * max(largest[0], largest[1]))
    }

    /// Whether a sample of a box lies on an element, but for what f32 rounds.
    private static func isOnElements(_ op: RegionAlign, _ boxes: [Double]) -> Bool {
        let shift = op.halfPixel ? 0.5 : 0
        for first in stride(from: 0, to: boxes.count - 3, by: 4) {
            for (axis, scale) in [0, 1].flatMap({ axis in op.scales.map { (axis, $0) } }) {
                let start = boxes[first + 1 - axis] * scale - shift, given = boxes[first + 3 - axis] * scale - shift - start
                let bin = (op.halfPixel ? given : max(1, given)) / Double(op.size[axis])
                guard bin.isFinite, abs(start) < 0x1p20, bin < 0x1p10 else { return true }
                let count = op.samples > 0 ? op.samples : max(0, Int(max(bin, 0).rounded(.up)))
                for sample in 0..<count * op.size[axis] {
                    let position = start + (Double(sample / count) + (Double(sample % count) + 0.5) / Double(count)) * bin
                    if abs(position - position.rounded()) < 1e-5 * max(1, abs(position)) { return true }
                }
            }
        }
        return false
    }

    /// The tensor with these elements NaN or anything, as chance has it.
    func scattered(_ tensor: Tensor, _ rng: inout SplitMix64) throws -> Tensor {
        guard tensor.type.isFloat, !parts.isEmpty else { return tensor }
        let isNumber = rng.chance(0.5)
        let inner = tensor.shape.dropFirst().reduce(1, *)
        // From one element of a channel's to the next channel, and around all channels.
        let step = channelsLast ? 1 : tensor.shape.dropFirst(2).reduce(1, *)
        let around = channelsLast ? tensor.shape.last ?? 1 : inner
        let values = try tensor.doubles().enumerated().map { index, value -> Double in
            let isHeld = !parts.contains { part in
                switch part {
                case .all: true
                case .images(let images): images.contains(index / inner)
                case .channels(let channels): channels.contains(index % around / step)
                }
            }
            return isHeld ? value : isNumber ? rng.normal() : .nan
        }
        return try Tensor(doubles: values, type: tensor.type, shape: tensor.shape)
    }
}

extension Tensor {
    fileprivate func isFinite() throws -> Bool { try !type.isFloat || doubles().allSatisfy(\.isFinite) }

    /// The indices along the first dimension under which some element is not finite.
    fileprivate func rowsNotFinite() throws -> Set<Int> {
        guard type.isFloat, let rows = shape.first, rows > 0 else { return [] }
        let inner = count / rows
        return Set(try doubles().enumerated().filter { !$0.element.isFinite }.map { $0.offset / inner })
    }
}
