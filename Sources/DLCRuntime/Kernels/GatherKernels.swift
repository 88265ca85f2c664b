import CKernels

/// ONNX Gather.
package struct GatherKernel: Kernel {
    package static let name = "gather"
    package static let definition = KernelDefinition(
        operands: [OperandRule("data", .moved, "*", sampled: true), OperandRule("indices", .index, "*")],
        results: [OperandRule("result", .moved, "*")], reportsStatus: true)

    package var axis = 0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("axis", &axis) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (data, indices) = (try step("data"), try step("indices"))
        let (outer, extent, inner) = try data.around(axis)
        try step("result").expect(data.shape[..<axis] + indices.shape + data.shape[(axis + 1)...], "result")
        var gather = dlc_gather()
        (gather.outer, gather.axis) = (outer, extent)
        gather.inner_bytes = inner * Int64(data.type.size)
        gather.count = Int64(indices.count)
        gather.index_bytes = Int32(indices.type.size)
        return try PreparedKernel(gather, slots: step.slots) { dlc_gather_prepare(step.isa, $0, $1) }
    }
}

/// The gradient of Gather: slices of dy are added to the slices that their indices name.
package struct GatherGradientKernel: Kernel {
    package static let name = "gather_gradient"
    package static let definition = KernelDefinition(
        operands: [OperandRule("indices", .index, "*"), OperandRule("dy", .floats, "*")],
        results: [OperandRule("dx", .floats, "*")], reportsStatus: true)

    package var axis = 0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("axis", &axis) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (indices, dx) = (try step("indices"), try step("dx"))
        var gather = dlc_gather_gradient()
        (gather.outer, gather.axis, gather.inner) = try dx.around(axis)
        try step("dy").expect(dx.shape[..<axis] + indices.shape + dx.shape[(axis + 1)...], "dy")
        gather.type = dx.type.kernelType
        gather.count = Int64(indices.count)
        gather.index_bytes = Int32(indices.type.size)
        return try PreparedKernel(gather, slots: step.slots) { dlc_gather_gradient_prepare(step.isa, $0, $1) }
    }
}

/// ONNX GatherElements.
package struct GatherElementsKernel: Kernel {
    package static let name = "gather_elements"
    package static let definition = KernelDefinition(
        operands: [OperandRule("data", .moved, "*", sampled: true), OperandRule("indices", .index, "*indices")],
        results: [OperandRule("result", .moved, "*indices")], reportsStatus: true)

    package var axis = 0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("axis", &axis) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (data, indices) = (try step("data"), try step("indices"))
        guard data.rank == indices.rank else {
            throw DLCError("indices have extents \(indices.shape); expected as many as \(data.shape) has")
        }
        var gather = dlc_gather_elements()
        gather.rank = Int32(data.rank)
        gather.axis = Int32(clamping: axis)
        gather.element_bytes = Int32(data.type.size)
        gather.index_bytes = Int32(indices.type.size)
        try fill(&gather.data_shape, data.shape.map(Int64.init))
        try fill(&gather.index_shape, indices.shape.map(Int64.init))
        return try PreparedKernel(gather, slots: step.slots) { dlc_gather_elements_prepare(step.isa, $0, $1) }
    }
}

/// ONNX GatherND.
package struct GatherNDKernel: Kernel {
    package static let name = "gather_nd"
    package static let definition = KernelDefinition(
        operands: [OperandRule("data", .moved, "*", sampled: true), OperandRule("indices", .index, "*places D")],
        results: [OperandRule("result", .moved, "*")], reportsStatus: true)

    /// Dimensions in front that data and indices have in common.
    package var batchDimensions = 0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("batch_dimensions", &batchDimensions) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (data, indices) = (try step("data"), try step("indices"))
        let (places, depth) = (indices.shape.dropLast(), indices.shape[indices.rank - 1])
        guard batchDimensions >= 0, batchDimensions <= min(places.count, data.rank), depth <= data.rank - batchDimensions,
            data.shape[..<batchDimensions] == places[..<batchDimensions]
        else { throw DLCError("indices of extents \(indices.shape) and \(batchDimensions) batch dimensions do not fit \(data.shape)") }
        let rest = batchDimensions + depth
        try step("result").expect(Array(places) + data.shape[rest...], "result")
        var gather = dlc_gather_nd()
        gather.batch = data.product(..<batchDimensions)
        gather.count = indices.product(batchDimensions..<(indices.rank - 1))
        gather.slice_bytes = data.product(rest...) * Int64(data.type.size)
        gather.depth = Int32(depth)
        gather.index_bytes = Int32(indices.type.size)
        try fill(&gather.data_shape, data.shape[batchDimensions..<rest].map(Int64.init))
        return try PreparedKernel(gather, slots: step.slots) { dlc_gather_nd_prepare(step.isa, $0, $1) }
    }
}

extension dlc_reduction: KernelChoice {
    package static let choices: ChoiceTable<dlc_reduction> = [
        DLC_SCATTER_NONE: "none", DLC_SCATTER_ADD: "add", DLC_SCATTER_MUL: "mul", DLC_SCATTER_MIN: "min", DLC_SCATTER_MAX: "max",
    ]
}

/// ONNX ScatterElements.
package struct ScatterElementsKernel: Kernel {
    package static let name = "scatter_elements"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("data", .moved, "*data", replaceable: true), OperandRule("indices", .index, "*indices"),
            OperandRule("updates", .moved, "*indices"),
        ],
        results: [OperandRule("result", .moved, "*data")], reportsStatus: true)

    package var axis = 0
    package var reduction = DLC_SCATTER_NONE

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("axis", &axis)
        try fields("reduction", &reduction)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (data, indices) = (try step("data"), try step("indices"))
        guard data.rank == indices.rank else {
            throw DLCError("indices have extents \(indices.shape); expected as many as \(data.shape) has")
        }
        var scatter = dlc_scatter_elements()
        scatter.type = data.type.kernelType
        scatter.reduction = reduction
        scatter.rank = Int32(data.rank)
        scatter.axis = Int32(clamping: axis)
        scatter.index_bytes = Int32(indices.type.size)
        try fill(&scatter.data_shape, data.shape.map(Int64.init))
        try fill(&scatter.index_shape, indices.shape.map(Int64.init))
        return try PreparedKernel(scatter, slots: step.slots) { dlc_scatter_elements_prepare(step.isa, $0, $1) }
    }
}

/// ONNX ScatterND.
package struct ScatterNDKernel: Kernel {
    package static let name = "scatter_nd"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("data", .moved, "*data", replaceable: true), OperandRule("indices", .index, "*places D"),
            OperandRule("updates", .moved, "*"),
        ],
        results: [OperandRule("result", .moved, "*data")], reportsStatus: true)

    package var reduction = DLC_SCATTER_NONE

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("reduction", &reduction) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (data, indices) = (try step("data"), try step("indices"))
        let (places, depth) = (indices.shape.dropLast(), indices.shape[indices.rank - 1])
        guard depth <= data.rank else { throw DLCError("indices of \(depth) dimensions for \(data.shape)") }
        try step("updates").expect(Array(places) + data.shape[depth...], "updates")
        var scatter = dlc_scatter_nd()
        scatter.type = data.type.kernelType
        scatter.reduction = reduction
        scatter.depth = Int32(depth)
        scatter.index_bytes = Int32(indices.type.size)
        scatter.count = indices.product(..<(indices.rank - 1))
        scatter.slice = data.product(depth...)
        try fill(&scatter.data_shape, data.shape[..<depth].map(Int64.init))
        return try PreparedKernel(scatter, slots: step.slots) { dlc_scatter_nd_prepare(step.isa, $0, $1) }
    }
}
