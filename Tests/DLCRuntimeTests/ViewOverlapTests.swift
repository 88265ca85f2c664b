@testable import DLCRuntime
import DLC
import Testing

/// Where results may lie.
@Suite struct ViewOverlapTests {
    private struct View {
        var shape: [Int]
        var strides: [Int]
        var offset: Int
        var size: Int

        var bytes: ByteView? { ByteView(shape: shape, strides: strides, offset: offset, elementBytes: size) }

        /// Every byte.
        var all: Set<Int> {
            var places: Set<Int> = shape.contains(0) ? [] : [offset]
            for (extent, stride) in zip(shape, strides) where extent > 1 {
                places = Set(places.flatMap { place in (0..<extent).map { place + $0 * stride } })
            }
            return Set(places.flatMap { place in (0..<size).map { place * size + $0 } })
        }
    }

    @Test(arguments: 0..<20) func viewsOverlapWhereTheyShareAByte(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func below(_ end: Int) -> Int { Int.random(in: 0..<end, using: &random) }
        for _ in 0..<200 {
            let views = (0..<2).map { _ -> View in
                let rank = below(4)
                let strides = (0..<rank).map { _ in [0, 1, -1, 2, 3, 5, 8, -6, 24][below(9)] }
                return View(
                    shape: (0..<rank).map { _ in [0, 1, 2, 3, 5][min(4, below(20))] }, strides: strides, offset: 60 + below(12),
                    size: 1 << below(3))
            }
            guard let a = views[0].bytes, let b = views[1].bytes else {
                #expect(views[0].all.isEmpty || views[1].all.isEmpty)
                continue
            }
            let shared = !views[0].all.isDisjoint(with: views[1].all)
            #expect(a.overlaps(b) == shared && b.overlaps(a) == shared, "\(views)")
        }
    }

    @Test func partsOfAConcatenationLieApart() throws {
        let left = try #require(View(shape: [64, 56, 56, 100], strides: [802816, 14336, 256, 1], offset: 0, size: 4).bytes)
        let right = try #require(View(shape: [64, 56, 56, 156], strides: [802816, 14336, 256, 1], offset: 100, size: 4).bytes)
        let wide = try #require(View(shape: [64, 56, 56, 157], strides: [802816, 14336, 256, 1], offset: 100, size: 4).bytes)
        #expect(!left.overlaps(right) && !right.overlaps(left) && left.overlaps(wide))
        #expect(left.overlaps(left) && right.overlaps(right))
    }

    /// `y = softmax(x · w) · v` of open rows: a product, a softmax in place, a product.
    private static func image() throws -> PlanImage {
        var builder = GraphBuilder(name: "softmax")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 4]))
        let w = try builder.constant(Tensor.random(seed: 1, shape: [4, 4])), v = try builder.constant(Tensor.random(seed: 2, shape: [4, 4]))
        let scores = try builder.add1(MatMul(), [x, w])
        try builder.output("y", builder.add1(MatMul(), [builder.add1(Softmax(axis: -1), [scores]), v]))
        return try Compiler.compile(builder.graph)
    }

    @Test func damagedLifetimesAndPlacesAreRefused() throws {
        let image = try Self.image()
        try #require(image.plan.steps.map(\.kernelName) == ["product", "softmax", "product"])
        let buffers = image.plan.steps.map { step in step.results[0]?.location }
        #expect(buffers[0] == buffers[1] && buffers[1] != buffers[2], "a softmax works in place")
        let cases: [(change: (inout Plan) -> Void, message: String)] = [
            ({ $0.buffers[0].lastStep = 1 }, "step 2, "),
            ({ plan in for index in plan.buffers.indices { plan.buffers[index].lastStep = 2 } }, "output y lies in buffer"),
            (
                { plan in
                    let result = plan.steps[2].results[0]
                    plan.steps[2].operands[0] = result
                }, "a result lies on what the step reads"
            ),
            ({ $0.steps[2].results[0]?.location = .input(0) }, "a result lies outside the arena"),
        ]
        for (change, message) in cases {
            var plan = image.plan
            change(&plan)
            let error = #expect(throws: DLCError.self) {
                let again = try Plan(table: plan.table(), target: plan.target, constantBytes: image.constantBytes)
                let addresses = image.constants.map { tensor in
                    tensor.withUnsafeBytes { $0.baseAddress ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped }
                }
                try withExtendedLifetime(image) {
                    let session = try Session(CompiledModel(again, constants: addresses), threads: 1)
                    _ = try session.run(["x": Tensor(filling: 1, type: .float32, shape: [3, 4])])
                }
            }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "nothing") for \(message)")
        }
    }
}
