import CKernels
import DLCGraph
import DLCRuntime

extension Lowering {
    /// Joins depthwise convolutions with the 1×1 convolutions around them where what lies between does not fit in cache.
    ///
    ///     t = conv 1×1 (x); u = conv depthwise (t); y = conv 1×1 (u)   →   y = separable (x)
    ///
    /// Works on steps, since it rests on the algorithms chosen and on who else reads a buffer.
    mutating func joinSeparable() throws {
        let steps = image.plan.steps
        let users = users(of: steps)
        var joined: [Int: Plan.Step] = [:]
        var removed = Set<Int>()
        for (index, step) in steps.enumerated() where isDepthwise(step) && !removed.contains(index) && joined[index] == nil {
            let before = neighbour(of: index, through: step["x"], users, steps).filter {
                isPointwise(steps[$0], residual: false) && Self.isSame(steps[$0]["y"], step["x"])
            }
            let after = neighbour(of: index, through: step["y"], users, steps).filter {
                isPointwise(steps[$0], residual: true) && Self.isSame(steps[$0]["x"], step["y"])
            }
            let free = [before, after].map { $0.filter { !removed.contains($0) && joined[$0] == nil } }
            for (first, last) in [(free[0], free[1]), (nil, free[1]), (free[0], nil)] where first != nil || last != nil {
                guard let chain = try separable(first.map { steps[$0] }, step, last.map { steps[$0] }) else { continue }
                joined[last ?? index] = chain
                if let first { removed.insert(first) }
                if last != nil { removed.insert(index) }
                break
            }
        }
        guard !joined.isEmpty else { return }
        image.update { $0.steps = steps.indices.filter { !removed.contains($0) }.map { joined[$0] ?? steps[$0] } }
    }

    /// The one step that computes depthwise from x, or nil where that does not pay.
    private func separable(_ expand: Plan.Step?, _ depthwise: Plan.Step, _ project: Plan.Step?) throws -> Plan.Step? {
        let last = project ?? depthwise
        let stages = [expand, depthwise, project]
        let kernels = stages.map { $0?.kernel as? ConvolutionKernel }
        guard let x = (expand ?? depthwise)["x"], let y = last["y"], let middle = depthwise["y"], let channels = middle.shape[3].constant,
            let inputStride = try Self.pixelStride(x), let resultStride = try Self.pixelStride(y), let window = kernels[1]?.window
        else { return nil }
        var shape = dlc_separable()
        (shape.n, shape.h, shape.w, shape.c) = (extent(x, 0), extent(x, 1), extent(x, 2), extent(x, 3))
        (shape.oh, shape.ow, shape.oc) = (extent(y, 1), extent(y, 2), extent(y, 3))
        (shape.middle, shape.kernel) = (Int64(channels), Int64(window.kernel[0]))
        shape.stride = (Int64(window.stride[0]), Int64(window.stride[1]))
        shape.pad = (Int64(nominal(window.before[0])), Int64(nominal(window.before[1])))
        (shape.expands, shape.projects) = (expand != nil, project != nil)
        (shape.x_ld, shape.y_ld) = (Int64(nominal(inputStride)), Int64(nominal(resultStride)))
        shape.residual_ld = shape.oc
        guard dlc_separable_pays(target.isa, &shape) else { return nil }

        let kernel = SeparableKernel {
            $0.middle = channels
            $0.kernel = window.kernel[0]
            $0.stride = window.stride
            $0.before = window.before
            if let epilogue = kernels[0]?.epilogue { $0.expand = epilogue }
            if let epilogue = kernels[1]?.epilogue { $0.depthwise = epilogue }
            if let epilogue = kernels[2]?.epilogue { $0.project = epilogue }
        }
        return Plan.Step(
            kernel: kernel, name: last.name, summary: stages.compactMap { $0?.summary }.joined(separator: ", "),
            operands: [x] + stages.flatMap { [$0?["weights"], $0?["bias"]] } + [project?["residual"]], results: [y],
            operations: try stages.compactMap { $0?.operations }.reduce(0) { try $0.plus($1) })
    }

    private static func isSame(_ a: Plan.Operand?, _ b: Plan.Operand?) -> Bool {
        guard let a, let b else { return false }
        return a.location == b.location && a.type == b.type && a.shape == b.shape && a.strides == b.strides && a.offset == b.offset
    }

    private func extent(_ operand: Plan.Operand, _ axis: Int) -> Int64 { Int64(nominal(operand.shape[axis])) }

    /// Steps that touch each buffer; what the model leaves behind counts as one more.
    private func users(of steps: [Plan.Step]) -> [Int: Set<Int>] {
        var users: [Int: Set<Int>] = [:]
        for (index, step) in steps.enumerated() {
            for case let operand? in step.operands + step.results {
                if case .buffer(let buffer) = operand.location { users[buffer, default: []].insert(index) }
            }
        }
        for location in keptLocations {
            if case .buffer(let buffer) = location { users[buffer, default: []].insert(steps.count) }
        }
        return users
    }

    /// The only other step that touches an operand's buffer.
    private func neighbour(of index: Int, through operand: Plan.Operand?, _ users: [Int: Set<Int>], _ steps: [Plan.Step]) -> Int? {
        guard case .buffer(let buffer)? = operand?.location, let all = users[buffer], all.count == 2 else { return nil }
        return all.first { $0 != index && $0 < steps.count }
    }

    /// The step's kernel where it is a convolution of images by an algorithm, without a slope.
    private func convolution(_ step: Plan.Step, _ algorithm: dlc_conv_algorithm) -> ConvolutionKernel? {
        guard let kernel = step.kernel as? ConvolutionKernel, kernel.algorithm == algorithm, step["slope"] == nil,
            step["x"]?.shape.count == 4, step["x"]?.type == .float32
        else { return nil }
        return kernel
    }

    private func isPointwise(_ step: Plan.Step, residual: Bool) -> Bool {
        guard let kernel = convolution(step, DLC_CONV_IGEMM), residual || step["residual"] == nil else { return false }
        let window = kernel.window
        return kernel.groups == 1 && window.taps == 1 && window.stride == [1, 1] && window.before == [0, 0]
    }

    private func isDepthwise(_ step: Plan.Step) -> Bool {
        guard let kernel = convolution(step, DLC_CONV_DEPTHWISE), step["residual"] == nil, step["x"]?.shape[3] == Dim(kernel.groups) else {
            return false
        }
        let window = kernel.window
        return step["x"]?.shape[3] == step["y"]?.shape[3] && window.kernel[0] == window.kernel[1] && window.dilation == [1, 1]
    }
}

extension Optional {
    /// The value where it satisfies a condition.
    fileprivate func filter(_ isIncluded: (Wrapped) -> Bool) -> Wrapped? { flatMap { isIncluded($0) ? $0 : nil } }
}
