import CKernels
import DLCGraph
import DLCRuntime

extension Lowering {
    /// Operands brought into the layout that a kernel reads: packed at build or at load where all are constants, by a step where
    /// one is computed. The same operands in the same layout are packed once.
    ///
    /// - Parameters:
    ///   - isLate: constants stay as they are in the file and are packed when the model is loaded.
    ///   - bytes: the packed size, from the layouts' shapes.
    ///   - layout: an operand as the packing kernel reads it; nil where its strides do not allow that. A copy without gaps is
    ///     then asked for instead.
    mutating func packed(
        _ kernel: some Kernel, _ values: [Value?], name: String, isLate: Bool = false,
        bytes: ([Plan.Operand?]) throws -> Dim, layout: (Plan.Operand) throws -> Plan.Operand?
    ) throws -> Plan.Operand {
        let tensors = values.map { $0.flatMap { graph.constant($0) } }
        let isConstant = zip(values, tensors).allSatisfy { $0 == nil || $1 != nil }
        var sources: [Plan.Operand?] = []
        for case let (value, tensor) in zip(values, tensors) {
            guard let value else {
                sources.append(nil)
                continue
            }
            if isConstant, !isLate, let tensor {
                // What is packed now does not go into the file as it is.
                sources.append(try laidOut(Plan.Operand(dense: tensor), layout))
                continue
            }
            let view = try view(value)
            sources.append(try layout(view) ?? laidOut(try contiguous(value), layout))
        }
        let key = PackingKey(
            kernel: "\(type(of: kernel).name) \(kernel.text)", values: values.map { $0?.index },
            layouts: sources.map { $0.map { $0.shape + $0.strides } })
        if let known = packings[key] { return known }
        let size = try bytes(sources)
        func step(_ result: Plan.Operand) -> Plan.Step {
            Plan.Step(kernel: kernel, name: name, summary: "pack", operands: sources, results: [result])
        }
        let result: Plan.Operand
        if isConstant, isLate {
            result = Plan.Operand(location: .packed(image.plan.packings.count), type: .uint8, shape: [size], strides: [1])
            image.update { $0.packings.append(step(result)) }
        } else if isConstant {
            result = try constant(Plan.Step.packed(kernel, sources, bytes: size, for: target, from: tensors))
        } else {
            result = try buffer(.uint8, [size])
            emit(step(result))
        }
        packings[key] = result
        return result
    }

    private func laidOut(_ operand: Plan.Operand, _ layout: (Plan.Operand) throws -> Plan.Operand?) throws -> Plan.Operand {
        guard let result = try layout(operand) else { throw DLCError("cannot be packed") }
        return result
    }

    /// Weights as `packing` says.
    /// - Parameter layout: the weights as `[groups, outputs, inputs, taps]`.
    mutating func packed(
        _ weights: Value, _ packing: PackKernel, for node: Node, layout: (Plan.Operand) throws -> Plan.Operand?
    ) throws -> Plan.Operand {
        let isa = target.isa
        return try packed(
            packing, [weights], name: node.name, isLate: packedAtLoad.contains(node.results[0].index),
            bytes: { try packing.bytes($0.first.flatMap { $0 }?.shape ?? [], isa: isa) }, layout: layout)
    }
}

/// What makes two packings the same.
struct PackingKey: Hashable {
    /// Its name and parameters.
    var kernel: String
    var values: [Int?]
    var layouts: [[Dim]?]
}

extension Plan.Operand {
    /// A constant on its own, wherever it will lie.
    init(dense tensor: Tensor) throws {
        let shape = Shape(constants: tensor.shape)
        self.init(location: .constant(0), type: tensor.type, shape: shape, strides: try Self.rowMajor(shape))
    }

    /// Weights `[O, I, kernel…]` of a convolution, or `[I, O / groups, kernel…]` of a transposed one, as
    /// `[groups, outputs, inputs, taps]`; nil where taps lie unevenly.
    func asWeights(groups: Int, isTransposed: Bool) throws -> Plan.Operand? {
        guard shape.count >= 3 else { throw DLCError("weights are \(shape.count)-dimensional") }
        let taps = try Shape(shape.dropFirst(2)).product()
        let split = try reshaped([Dim(groups), try shape[0].quotient(Dim(groups)), shape[1], taps])
        return isTransposed ? split?.transposed([0, 2, 1, 3]) : split
    }

    /// One matrix `[…, K, N]`, or `[…, N, K]` where transposed, as weights of N outputs and K inputs.
    func asMatrix(isTransposed: Bool) -> Plan.Operand {
        let rank = shape.count
        var copy = self
        let (outputs, inputs) = isTransposed ? (rank - 2, rank - 1) : (rank - 1, rank - 2)
        copy.shape = [1, shape[outputs], shape[inputs], 1]
        copy.strides = [0, strides[outputs], strides[inputs], 0]
        return copy
    }
}
