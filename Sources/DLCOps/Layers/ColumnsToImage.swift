import DLCGraph

/// Windows of an image added where they overlap (ONNX Col2Im, PyTorch's `fold`): x `[N, C · taps, windows]` holds for every tap of a
/// kernel the elements of all windows, and becomes `[N, C, image…]`; zeros where no window reaches.
public struct ColumnsToImage: Operator {
    /// The extents of the image.
    public var image: [Dim] = []
    public var kernel: [Int] = []
    public var strides: [Int] = []
    public var dilations: [Int] = []
    /// In front of each dimension of the image, then behind each.
    public var pads: [Dim] = []

    public init(image: [Dim] = [], kernel: [Int] = [], strides: [Int] = [], dilations: [Int] = [], pads: [Dim] = []) {
        (self.image, self.kernel, self.strides, self.dilations, self.pads) = (image, kernel, strides, dilations, pads)
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        ColumnsToImage(), name: "columns_to_image", operands: ["x"],
        onnx: [ONNXMapping("Col2Im", read: read, write: write)],
        examples: {
            [
                Example(
                    "overlapping",
                    ColumnsToImage(image: [4, 5], kernel: [2, 3], strides: [1, 1], dilations: [1, 1], pads: [0, 1, 1, 0]),
                    [try .random(seed: 1, shape: [2, 12, 16])]),
                Example(
                    "apart, dilated",
                    ColumnsToImage(image: [7, 6], kernel: [2, 2], strides: [3, 2], dilations: [2, 1], pads: [1, 0, 0, 0]),
                    [try .random(seed: 2, shape: [1, 8, 6])]),
                Example(
                    "1-D f64", ColumnsToImage(image: [9], kernel: [3], strides: [2], dilations: [1], pads: [0, 0]),
                    [try .random(seed: 3, type: .float64, shape: [2, 3, 4])]),
            ]
        }
    ) {
        Attribute("image", \.image)
        Attribute("kernel", \.kernel)
        Attribute("strides", \.strides)
        Attribute("dilations", \.dilations)
        Attribute("pads", \.pads)
    }

    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["dilations", "pads", "strides"])
        guard let image = try reader.dims(1, "image_shape"), let block = try reader.ints(2, "block_shape") else {
            throw DLCError("image_shape and block_shape are missing")
        }
        let ones = block.map { _ in 1 }
        let pads: [Int] = try reader.attribute("pads") ?? (block + block).map { _ in 0 }
        let op = ColumnsToImage(
            image: image, kernel: block, strides: try reader.attribute("strides") ?? ones,
            dilations: try reader.attribute("dilations") ?? ones, pads: pads.map { Dim($0) })
        return try reader.add(op, [reader.required(0)])
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? ColumnsToImage else { return }
        try writer.require(18, "Col2Im")
        guard let pads = op.pads.constants else { throw DLCError("pads \(op.pads.text) depend on symbols, which ONNX cannot say") }
        let operands = [writer.inputs[0], try writer.dimensions(op.image, "image_shape"), try writer.integers(op.kernel, "block_shape")]
        writer.node(
            "Col2Im", inputs: operands,
            attributes: [("dilations", .ints(op.dilations)), ("pads", .ints(pads)), ("strides", .ints(op.strides))])
    }

    private var windows: Windows { Windows(kernel: kernel, strides: strides, dilations: dilations, pads: pads) }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        let x = try context.operand(0)
        guard x.rank == 3, image.count == kernel.count, (1...3).contains(image.count) else {
            throw DLCError(
                "x is \(x.type), the image \(image.text), the kernel \(kernel); expected [N, C · taps, windows] and 1 to 3 dimensions")
        }
        try windows.check(spatial: image.count)
        for extent in image { try context.require(.atLeast, extent, 0, "an image of \(image.text)") }
        let taps = try Checked.count(kernel)
        let counts = try windows.counts(image, &context)
        try context.require(.divides, Dim(taps), x.shape[1], "x is \(x.type), which holds windows of \(taps)")
        try context.require(x.shape[2], equals: counts.product(), "x is \(x.type); an image of \(image.text) has \(counts.text) windows")
        return [Fact(x.element, [x.shape[0], try x.shape[1].quotient(Dim(taps))] + image)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let (image, pads) = (try Oracle.numbers(image, "image"), try Oracle.numbers(pads, "pads"))
        let counts = try Oracle.numbers(windows.counts(self.image), "windows")
        let taps = kernel.reduce(1, *)
        let (channels, size) = (x.shape[1] / taps, image.reduce(1, *))
        let (values, strides) = (try x.doubles(), Oracle.strides(image))
        var result = [Double](repeating: 0, count: x.shape[0] * channels * size)
        for plane in 0..<(x.shape[0] * channels) {
            var from = plane * taps * x.shape[2]
            Oracle.forEach(kernel) { tap in
                Oracle.forEach(counts) { window in
                    let place = tap.indices.map { window[$0] * self.strides[$0] + tap[$0] * dilations[$0] - pads[$0] }
                    if zip(place, image).allSatisfy({ $0 >= 0 && $0 < $1 }) {
                        result[zip(place, strides).reduce(plane * size) { $0 + $1.0 * $1.1 }] += values[from]
                    }
                    from += 1
                }
            }
        }
        return [try Tensor(doubles: result, type: x.type, shape: [x.shape[0], channels] + image)]
    }
}
