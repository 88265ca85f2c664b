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
        let shapes = StepShapes(step, bindings)
        for (index, operand) in step.operands.enumerated() {
            guard let operand else { continue }
            let bytes = Self.bytes(operand, bindings) * step.kernel.passes(over: index, shapes)
            switch operand.location {
            case .constant, .packed: constants += bytes
            default: read += bytes
            }
        }
        (self.constants, self.read, self.written) = (constants, read, written)
        operations = Double((try? step.operations.evaluate(bindings)) ?? 0)
        performed = step.kernel.performed(operations, shapes)
    }

    private init(_ operations: Double, _ performed: Double, _ constants: Double, _ read: Double, _ written: Double) {
        (self.operations, self.performed, self.constants, self.read, self.written) = (operations, performed, constants, read, written)
    }

    /// Of what is not rated.
    static let unknown = StepCost(0, 0, 0, 0, 0)

    /// Of the step so many times.
    func times(_ count: Int) -> StepCost {
        let factor = Double(count)
        return StepCost(operations * factor, performed * factor, constants * factor, read * factor, written * factor)
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
}

extension Plan.Step {
    /// Type and shape of the first result.
    var resultText: String { results.first.flatMap { $0 }.map { Describe.type($0.type, $0.shape) } ?? "" }
}
