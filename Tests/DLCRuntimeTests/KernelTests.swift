import CKernels
import DLC
import Testing

/// What a kernel may touch follows from its declaration.
@Suite struct KernelTests {
    /// Plans of all operators' examples.
    private static let images: [(name: String, image: PlanImage)] = AllOps.definitions.flatMap { definition in
        ((try? definition.examples()) ?? []).compactMap { example in
            (try? image(example)).map { ("\(definition.name), \(example.name)", $0) }
        }
    }

    private static func image(_ example: Example) throws -> PlanImage {
        var builder = GraphBuilder(name: example.name)
        let operands = try example.operands.enumerated().map { index, operand in
            try operand.map { try index == 0 ? builder.input("x", TensorType($0.type, Shape(constants: $0.shape))) : builder.constant($0) }
        }
        for (index, result) in try builder.add(example.op, operands).enumerated() { try builder.output("y\(index)", result) }
        return try Compiler.compile(builder.graph)
    }

    private func load(_ plan: Plan, _ image: PlanImage) throws {
        let again = try Plan(table: plan.table(), target: plan.target, constantBytes: image.constantBytes)
        let addresses = image.constants.map { tensor in
            tensor.withUnsafeBytes { $0.baseAddress ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped }
        }
        try withExtendedLifetime(image) { _ = try Session(CompiledModel(again, constants: addresses), threads: 1) }
    }

    @Test func namesAreDistinct() {
        #expect(Set(KernelTable.all.map { $0.name }).count == KernelTable.all.count)
        for kernel in KernelTable.all {
            let names = (kernel.definition.operands + kernel.definition.results).map(\.name)
            #expect(Set(names).count == names.count)
        }
    }

    @Test func examplesCallEveryKernel() {
        // Transposed, separable and Strassen's kernels have tests of their own; the rest is here.
        let called = Set(Self.images.flatMap { $0.image.plan.steps.map(\.kernelName) })
        let missing = KernelTable.all.map { $0.name }.filter { !called.contains($0) }
        #expect(Set(missing).isSubset(of: ["separable", "pack", "pack_integer", "pack_recurrent", "range", "sizes", "fill"]), "\(missing)")
    }

    @Test func parametersSurviveTheFile() throws {
        for (name, image) in Self.images {
            let plan = try Plan(table: image.plan.table(), target: image.plan.target, constantBytes: image.constantBytes)
            for (a, b) in zip(image.plan.steps, plan.steps) {
                #expect(a.kernel.text == b.kernel.text && a.kernelName == b.kernelName, "\(name)")
            }
            #expect(try plan.table() == image.plan.table())
        }
    }

    /// Kernels whose results may have any extents, within what their operands allow.
    private static let withFreeExtents: Set<String> = [
        "conv", "conv_transpose", "integer_conv", "pool", "resize", "range", "non_max_suppression", "separable", "region", "fill",
        "one_hot",
        "random", "max_pool_select", "average_pool_gradient", "gather_gradient", "resize_gradient",
    ]

    @Test func resultsFollowFromOperands() throws {
        var tried = 0
        for (name, image) in Self.images {
            for (index, step) in image.plan.steps.enumerated() {
                for case let (place, result?) in step.results.enumerated() where !Self.withFreeExtents.contains(step.kernelName) {
                    // Packed panels are of a width of their own: they hold a product's last columns or nothing in their place.
                    let last = ["product", "integer_product"].contains(step.kernelName) ? result.shape.count - 1 : result.shape.count
                    for axis in 0..<last where (result.shape[axis].constant ?? 0) > 1 {
                        var plan = image.plan
                        plan.steps[index].results[place]?.shape[axis] = try result.shape[axis].minus(1)
                        #expect(throws: DLCError.self, "\(name): \(step.kernelName) result \(place), dimension \(axis)") {
                            try load(plan, image)
                        }
                        tried += 1
                    }
                }
            }
        }
        #expect(tried > 500)
    }

    private func plan(_ kernel: any Kernel, _ operands: [[Int]?], _ results: [[Int]?], type: ElementType = .float32) throws -> Plan {
        var plan = Plan(name: "step", target: .native)
        func buffer(_ shape: [Int]?) throws -> Plan.Operand? {
            guard let shape else { return nil }
            let dims = Shape(constants: shape)
            plan.buffers.append(Plan.Buffer(bytes: 4096, firstStep: 0, lastStep: 1))
            return Plan.Operand(
                location: .buffer(plan.buffers.count - 1), type: type, shape: dims, strides: try Plan.Operand.rowMajor(dims))
        }
        let (given, made) = (try operands.map(buffer), try results.map(buffer))
        plan.steps = [Plan.Step(kernel: kernel, name: "a", summary: "a", operands: given, results: made)]
        return plan
    }

    private func message(_ plan: Plan) throws -> String {
        do { try load(plan, PlanImage(plan: plan)) } catch let error as DLCError { return error.description }
        return ""
    }

    @Test func aMessageSaysWhatWouldBeRight() throws {
        let softmax = SoftmaxKernel { $0.axis = 1 }
        #expect(try message(plan(softmax, [[4, 8]], [[4, 8]])).isEmpty)
        #expect(try message(plan(softmax, [[4, 8]], [[4, 4]])).contains("y has extents [4, 4]; expected [*shape]"))
        #expect(try message(plan(SoftmaxKernel { $0.axis = 2 }, [[4, 8]], [[4, 8]])).contains("axis 2 is outside [4, 8]"))
        #expect(try message(plan(softmax, [[4, 8]], [[4, 8]], type: .int8)).contains("x is i8[4, 8]; expected common f32|f64"))
        #expect(try message(plan(softmax, [nil], [[4, 8]])).contains("operand x is missing"))
        #expect(
            try message(plan(NormKernel { $0.axis = 1 }, [[4, 8], [7]], [[4, 8]])).contains("scale has extents [7]; expected 8 elements"))
        #expect(
            try message(plan(ProductKernel(), [[4, 8], [8, 5], [4]], [[4, 5]])).contains("bias has extents [4]; expected 5 elements"))
    }

    @Test func resultsThatOverlapAreRefused() throws {
        var copies = try plan(CopyKernel(), [[4, 8]], [[4, 8]])
        for strides in [[4, 1], [0, 1], [8, -1], [1, 1]] {
            copies.steps[0].results[0]?.strides = Shape(constants: strides)
            #expect(throws: DLCError.self) { try load(copies, PlanImage(plan: copies)) }
        }
        copies.steps[0].results[0]?.strides = [1, 4]
        try load(copies, PlanImage(plan: copies))
    }

    @Test func extentsThatOverflowAreRefused() throws {
        for extents in [[1 << 31, 1 << 31], [1 << 62, 4], [0, 1 << 62], [.max, .max]] {
            var wrong = try plan(SoftmaxKernel(), [[2, 2]], [[2, 2]])
            wrong.steps[0].operands[0]?.shape = Shape(constants: extents)
            wrong.steps[0].operands[0]?.strides = [0, 0]
            #expect(throws: DLCError.self) { try load(wrong, PlanImage(plan: wrong)) }
        }
    }

    @Test func anotherRevisionIsRefused() throws {
        let table = try plan(SoftmaxKernel(), [[4, 8]], [[4, 8]]).table()
        let name = Array("softmax".utf8)
        let start = try #require(table.indices.first { table[$0...].starts(with: name) })
        var changed = table
        changed[start + name.count] ^= 1
        #expect(throws: DLCError.self) { try Plan(table: changed, target: .native, constantBytes: 0) }
    }

    /// Of all single bytes of a table that another takes the place of, one is a softmax of a kind that there is not; none
    /// of them stops the process.
    @Test func aChoiceThatThereIsNotIsRefused() throws {
        let table = try plan(SoftmaxKernel(), [[4, 8]], [[4, 8]]).table()
        var messages: [String] = []
        for place in table.indices {
            var changed = table
            changed[place] = 77
            do { _ = try Plan(table: changed, target: .native, constantBytes: 0) } catch { messages.append("\(error)") }
        }
        #expect(messages.contains { $0.contains("kind is 77; expected 0 (softmax)") }, "\(Set(messages))")
    }

    @Test func parametersArePrintedByName() {
        let pool = PoolKernel {
            $0.kind = dlc_pool_kind(rawValue: 1)
            ($0.window.kernel, $0.window.before) = ([2, 2], [1, Dim(symbol: "N")])
        }
        #expect(pool.text.contains("kind: average") && pool.text.contains("kernel: [2, 2]") && pool.text.contains("before: [1, N]"))
        #expect(!pool.text.contains("counts_padding"))
    }
}
