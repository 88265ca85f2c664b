import CKernels

/// Windows added into images.
package struct ColumnsKernel: Kernel {
    package static let name = "columns"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .floats, "N K L")], results: [OperandRule("y", .floats, "N C *image")])

    package var window = Window()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("window", &window) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, y) = (try step("x"), try step("y"))
        let bound = try window.bound(step, x: y, y: y)
        let image = Array(y.shape[2...])
        let counts = try image.indices.map { axis in
            let padded = try Checked.add(image[axis], Checked.add(step.value(window.before[axis]), step.value(window.after[axis])))
            let reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1
            return padded < reach ? 0 : (padded - reach) / window.stride[axis] + 1
        }
        guard x.shape[1] == (try Checked.multiply(y.shape[1], window.taps)), x.shape[2] == (try Checked.count(counts)) else {
            throw DLCError("x has extents \(x.shape); expected \(y.shape[1]) times \(window.taps) taps of \(counts) windows")
        }
        var columns = dlc_columns()
        columns.type = x.type.kernelType
        columns.images = y.product(..<2)
        columns.extent = volume(image, 1)
        columns.windows = volume(counts, 1)
        (columns.kernel, columns.stride, columns.dilation, columns.pad) = (bound.kernel, bound.stride, bound.dilation, bound.before)
        return try PreparedKernel(columns, slots: step.slots) { dlc_columns_prepare(step.isa, $0, $1) }
    }
}
