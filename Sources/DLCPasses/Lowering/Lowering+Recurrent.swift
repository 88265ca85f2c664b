import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

extension Lowering {
    /// Recurrent layers with constant weights.
    mutating func lower(_ op: Recurrent, _ node: Node) throws {
        func at(_ index: Int) -> Value? { index < node.operands.count ? node.operands[index] : nil }
        func constant(_ index: Int, _ name: String) throws -> Tensor? {
            guard let value = at(index) else { return nil }
            guard let tensor = graph.constant(value) else { throw DLCError("\(name) computed at run time is not supported") }
            return try tensor.converted(to: .float32)
        }
        let x = try operand(node, 0)
        guard graph.type(x).element == .float32 else { throw DLCError("has no kernel for \(operandTypes(node))") }
        guard let w = try constant(1, "w"), let r = try constant(2, "r") else { throw DLCError("weights are missing") }
        let (bias, peepholes) = (try constant(3, "bias"), try constant(7, "peepholes"))
        let (integers, numbers) = try recurrentParameters(op, hidden: r.shape[2])
        var shape = try RecurrentKernel.parameters(integers, numbers)
        shape.input = Int64(w.shape[2])
        let bytes = dlc_rnn_packed_bytes(target.isa, &shape)
        var isPacked = false
        let packed = try Tensor(type: .uint8, shape: [Int(bytes)]) { target in
            try w.withElements(of: Float.self) { w in
                try r.withElements(of: Float.self) { r in
                    try Self.withOptional(bias) { bias in
                        try Self.withOptional(peepholes) { peepholes in
                            guard let out = target.baseAddress else { return }
                            isPacked = dlc_rnn_pack(
                                self.target.isa, &shape, w.baseAddress, r.baseAddress, bias, peepholes, out.assumingMemoryBound(to: Float.self))
                        }
                    }
                }
            }
        }
        guard isPacked else { throw DLCError("has no kernel for these attributes") }
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
        let work = try rows.times(Dim(2 * (w.count + r.count)))
        emit(
            .recurrent, node, operands: [try contiguous(x), try self.constant(packed), lengths, h, c], results: targets,
            integers: integers.map { Dim($0) }, numbers: numbers, operations: work)
        for copy in copies { try emitCopy(from: copy.from, to: copy.to, name: node.name) }
    }

    /// Integers and numbers of the plan's step.
    private func recurrentParameters(_ op: Recurrent, hidden: Int) throws -> (integers: [Int], numbers: [Double]) {
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
        return ([kind, direction] + flags + [hidden] + functions, [op.clip ?? 0] + parameters)
    }

    /// Names in the kernel's order.
    private static let recurrentFunctions = [
        "sigmoid", "tanh", "relu", "affine", "leakyrelu", "thresholdedrelu", "scaledtanh", "hardsigmoid", "elu", "softsign", "softplus",
    ]

    private static func withOptional(_ tensor: Tensor?, _ body: (UnsafePointer<Float>?) throws -> Void) throws {
        guard let tensor else { return try body(nil) }
        try tensor.withElements(of: Float.self) { try body($0.baseAddress) }
    }
}
