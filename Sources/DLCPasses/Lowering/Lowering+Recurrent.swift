import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

extension Lowering {
    /// Recurrent layers.
    mutating func lower(_ op: Recurrent, _ node: Node) throws {
        func at(_ index: Int) -> Value? { index < node.operands.count ? node.operands[index] : nil }
        let (x, w) = (try operand(node, 0), try operand(node, 1))
        guard graph.type(x).element == .float32 else { throw DLCError("has no kernel for \(operandTypes(node))") }
        let (integers, numbers) = try recurrentParameters(op)
        let (rnn, isa) = (try RecurrentKernel.parameters(integers, numbers), target.isa)
        let packed = try packed(
            .packRecurrent, [w, try operand(node, 2), at(3), at(7)], integers: [integers[0], integers[1], integers[3]], name: node.name,
            bytes: { try RecurrentPacking.bytes(rnn, input: $0[0]?.shape[2] ?? 0, isa: isa) }, layout: { try $0.isContiguous() ? $0 : nil })
        let lengths = try at(4).map { try contiguous($0) }
        let (h, c) = (try at(5).map { try contiguous($0) }, try at(6).map { try contiguous($0) })
        var targets: [Plan.Operand?] = []
        var copies: [(from: Plan.Operand, to: Plan.Operand)] = []
        for index in 0..<3 {
            guard index < node.results.count, useCounts[node.results[index].index] > 0 else {
                targets.append(nil)
                continue
            }
            let (target, place) = try contiguousDestination(node.results[index])
            targets.append(target)
            if let place { copies.append((target, place)) }
        }
        let rows = try graph.shape(x).dropLast().reduce(Dim(1)) { try $0.times($1) }
        let work = try rows.times(elements(w).plus(elements(operand(node, 2)))).times(2)
        emit(
            .recurrent, node, operands: [try contiguous(x), packed, lengths, h, c], results: targets,
            integers: integers.map { Dim($0) }, numbers: numbers, operations: work)
        for copy in copies { try emitCopy(from: copy.from, to: copy.to, name: node.name) }
    }

    /// Integers and numbers of the plan's step.
    private func recurrentParameters(_ op: Recurrent) throws -> (integers: [Int], numbers: [Double]) {
        let kind = switch op.kind { case .rnn: 0; case .gru: 1; case .lstm: 2 }
        let direction = switch op.direction { case .forward: 0; case .reverse: 1; case .bidirectional: 2 }
        var functions: [Int] = []
        var parameters: [Double] = []
        let perDirection = op.kind.activations.count
        for direction in 0..<2 {
            for position in 0..<3 {
                let index = direction * perDirection + position
                guard position < perDirection, index < op.activations.count else {
                    functions.append(0)
                    parameters += [0, 0]
                    continue
                }
                guard let code = Self.recurrentFunctions.firstIndex(of: op.activations[index].lowercased()) else {
                    throw DLCError("has no kernel for activation \(op.activations[index])")
                }
                functions.append(code)
                parameters += [op.alphas[index], op.betas[index]]
            }
        }
        let flags = [op.batchFirst, op.linearBeforeReset, op.inputForget, op.clip != nil].map { $0 ? 1 : 0 }
        return ([kind, direction] + flags + [op.hiddenSize] + functions, [op.clip ?? 0] + parameters)
    }

    /// Names in the kernel's order.
    private static let recurrentFunctions = [
        "sigmoid", "tanh", "relu", "affine", "leakyrelu", "thresholdedrelu", "scaledtanh", "hardsigmoid", "elu", "softsign", "softplus",
    ]
}
