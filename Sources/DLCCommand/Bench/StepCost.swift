import CKernels
import DLC

/// What bounds the time of a step from below: its arithmetic and its bytes.
struct StepCost {
    /// Operations of the definition, a multiply–add counted as two.
    let operations: Double
    /// Operations that the algorithm makes: with Winograd's and Strassen's those of its products, fewer than the definition's.
    let performed: Double
    /// Bytes of constants that are read, packed weights among them, each once: those of recurrent layers at each time step.
    let constants: Double
    /// Bytes of other operands, and of results, each once; what a broadcast repeats counts once.
    let read: Double
    let written: Double

    init(_ step: Plan.Step, _ bindings: [String: Int]) {
        var (constants, read, written) = (0.0, 0.0, 0.0)
        for result in step.results { written += result.map { Self.bytes($0, bindings) } ?? 0 }
        for (index, operand) in step.operands.enumerated() {
            guard let operand else { continue }
            var bytes = Self.bytes(operand, bindings)
            switch step.kernel {
            case .gather, .gatherElements, .gatherND: if index == 0 { bytes = min(bytes, written) }
            case .recurrent: if index == 1 { bytes *= Self.passesOverWeights(step, bindings) }
            default: break
            }
            switch operand.location {
            case .constant, .packed: constants += bytes
            default: read += bytes
            }
        }
        (self.constants, self.read, self.written) = (constants, read, written)
        operations = Double((try? step.operations.evaluate(bindings)) ?? 0)
        performed = step.usesStrassen ? operations * 7 / 8 : Self.productsOfWinograd(step, bindings) ?? operations
    }

    var bytes: Double { constants + read + written }

    /// The least seconds that the machine needs, and whether arithmetic takes longer than bytes. Constants come from the
    /// cache that holds all of the model's, `allConstants` bytes; other operands from the one that holds the step's.
    func roofline(_ machine: Machine, allConstants: Double) -> (seconds: Double, isArithmetic: Bool) {
        let arithmetic = performed / machine.operationsPerSecond
        let traffic =
            machine.seconds(read: constants, written: 0, footprint: allConstants)
            + machine.seconds(read: read, written: written, footprint: read + written)
        return (max(arithmetic, traffic), arithmetic >= traffic)
    }

    private static func bytes(_ operand: Plan.Operand, _ bindings: [String: Int]) -> Double {
        var bytes = Double(operand.type.size)
        for (extent, stride) in zip(operand.shape, operand.strides) where (try? stride.evaluate(bindings)) != 0 {
            bytes *= Double((try? extent.evaluate(bindings)) ?? 0)
        }
        return bytes
    }

    /// Recurrent weights are read at each time step, since steps wait for each other; those of the input once.
    private static func passesOverWeights(_ step: Plan.Step, _ bindings: [String: Int]) -> Double {
        guard step.integers.count > 6, let x = extents(step.operands.first ?? nil, bindings), x.count == 3,
            let isBatchFirst = try? step.integers[2].evaluate(bindings) != 0, let hidden = try? Double(step.integers[6].evaluate(bindings))
        else { return 1 }
        let steps = isBatchFirst ? x[1] : x[0]
        return x[2] + hidden > 0 ? (x[2] + steps * hidden) / (x[2] + hidden) : 1
    }

    /// Two operations for each product per tile, input channel and output channel; nil for other kernels.
    private static func productsOfWinograd(_ step: Plan.Step, _ bindings: [String: Int]) -> Double? {
        guard step.kernel == .conv, step.integers.count > 1, let algorithm = try? step.integers[0].evaluate(bindings),
            let groups = try? step.integers[1].evaluate(bindings), groups > 0, let x = extents(step.operands.first ?? nil, bindings),
            let y = extents(step.results.first ?? nil, bindings), x.count == 4, y.count == 4
        else { return nil }
        let tile: Double
        let side: Double
        switch UInt8(clamping: algorithm) {
        case DLC_CONV_WINOGRAD_2.rawValue: (tile, side) = (2, 4)
        case DLC_CONV_WINOGRAD_4.rawValue: (tile, side) = (4, 6)
        case DLC_CONV_WINOGRAD_STRIDED.rawValue: (tile, side) = (2, 5)
        default: return nil
        }
        let tiles = y[0] * (y[1] / tile).rounded(.up) * (y[2] / tile).rounded(.up)
        return 2 * tiles * side * side * x[3] / Double(groups) * y[3]
    }

    private static func extents(_ operand: Plan.Operand?, _ bindings: [String: Int]) -> [Double]? {
        operand.flatMap { operand in try? operand.shape.map { Double(try $0.evaluate(bindings)) } }
    }
}

extension Plan.Step {
    /// The kernel with its algorithm, for profiles.
    var kernelName: String {
        switch kernel {
        case .conv:
            switch UInt8(clamping: integers.first?.constant ?? 255) {
            case DLC_CONV_IGEMM.rawValue: integers.dropFirst(2).prefix(3).allSatisfy { $0 == 1 } ? "conv 1x1" : "conv igemm"
            case DLC_CONV_WINOGRAD_2.rawValue: "conv winograd 2x2"
            case DLC_CONV_WINOGRAD_4.rawValue: "conv winograd 4x4"
            case DLC_CONV_WINOGRAD_STRIDED.rawValue: "conv winograd 2x2/2"
            case DLC_CONV_DEPTHWISE.rawValue: "conv depthwise"
            case DLC_CONV_DIRECT.rawValue: "conv direct"
            case DLC_CONV_STRASSEN.rawValue: "conv strassen"
            default: "conv"
            }
        case .convTranspose: "conv transposed"
        case .product: usesStrassen ? "product strassen" : integers.count > 2 && integers[2] != 0 ? "product packed" : "product"
        case .program: "elementwise"
        default: "\(kernel)"
        }
    }

    /// Whether seven products of half the size take the place of eight.
    var usesStrassen: Bool {
        switch kernel {
        case .conv: integers.first == Dim(Int(DLC_CONV_STRASSEN.rawValue))
        case .product: integers.count > 2 && integers[2] == 2
        default: false
        }
    }

    /// Type and shape of the first result.
    var resultText: String { results.first.flatMap { $0 }.map { Describe.type($0.type, $0.shape) } ?? "" }
}
