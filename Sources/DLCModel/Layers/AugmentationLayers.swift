import DLCGraph
import DLCOps

/// Images changed at random in a training's step, each by itself; elsewhere x is as it is.
public struct AugmentationLayer: Layer {
    public enum Kind: String, Sendable, CaseIterable { case randomShift, randomFlip, randomRotation, randomCrop }

    public let kind: Kind
    /// Pixels of a shift, or the extents of a crop.
    public var pixels: Extents = 0
    public var padding = 0
    public var rate = 0.5
    public var vertical = false
    public var degrees = 0.0

    public init(_ kind: Kind) { self.kind = kind }

    public var definition: LayerDefinition {
        switch kind {
        case .randomShift: Self.shift
        case .randomFlip: Self.flip
        case .randomRotation: Self.rotation
        case .randomCrop: Self.crop
        }
    }

    static let shift = LayerDefinition(
        Self(.randomShift), name: "randomShift",
        doc: "Images x `[N, C, H, W]` moved by whole pixels in a training's step, zeros behind them."
    ) { Argument("pixels", \.pixels, "how far at most, in each direction", .required) }

    static let flip = LayerDefinition(
        Self(.randomFlip), name: "randomFlip", doc: "Images x `[N, C, H, W]` of which some are mirrored in a training's step."
    ) {
        Argument("rate", \.rate, "the part that is mirrored", .positional)
        Argument("vertical", \.vertical, "whether top and bottom change places instead of left and right")
    }

    static let rotation = LayerDefinition(
        Self(.randomRotation), name: "randomRotation",
        doc: "Images x `[N, C, H, W]` turned about their middle in a training's step, bilinear, zeros from outside."
    ) { Argument("degrees", \.degrees, "how far at most, either way", .required) }

    static let crop = LayerDefinition(
        Self(.randomCrop), name: "randomCrop",
        doc:
            "A part `[N, C, height, width]` of images x `[N, C, H, W]`, from a random place in a training's step, elsewhere from the middle.",
        source: "Krizhevsky et al., 2012, section 4.1"
    ) {
        Argument("extents", \.pixels, "height and width, or one number for both", .required)
        Argument("padding", \.padding, "zeros around x that may be in the part")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        guard x.rank == 4, x.element.isFloat else { throw DLCError("x is \(x.type); expected images [N, C, H, W] of floating point") }
        let batch = x.shape[0]
        func draw() throws -> TensorValue? { try context.builder.draw(.uniform, [batch, 1], name: context.path) }
        switch kind {
        case .randomFlip:
            guard 0...1 ~= rate else { throw DLCError("rate is \(rate); expected 0 to 1") }
            guard let drawn = try context.builder.draw(.uniform, [batch, 1, 1, 1], name: context.path) else { return [x] }
            let turns = try context.add(Binary(.less), drawn, x.builder.scalar(rate, like: drawn))
            return [try context.add(Where(), turns, mirrored(x, vertical ? 2 : 3, context), x)]
        case .randomShift:
            let most = try pixels.spread(over: 2, "pixels", least: 0)
            guard let first = try draw(), let second = try draw() else { return [x] }
            let offsets = try zip([first, second], most).map { try context.add(Unary(.floor), $0 * Double(2 * $1 + 1)) - Double($1) }
            return [try ImageGrid(x, context).moved(offsets)]
        case .randomCrop:
            let extents = try pixels.spread(over: 2, "extents")
            guard padding >= 0, padding <= 1 << 20 else { throw DLCError("padding is \(padding); expected at least 0") }
            let room = try (0..<2).map { axis in
                let room = try Checked.add(x.extent(axis + 2), 2 * padding) - extents[axis]
                guard room >= 0 else { throw DLCError("a part of \(extents) does not fit \(x.type) with a padding of \(padding)") }
                return room
            }
            guard let first = try draw(), let second = try draw() else {
                let offsets = room.map { Double($0 / 2 - padding) }
                return [try ImageGrid(x, context).part(extents, at: offsets)]
            }
            let offsets = try zip([first, second], room).map { try context.add(Unary(.floor), $0 * Double($1 + 1)) - Double(padding) }
            return [try ImageGrid(x, context, extents: extents).moved(offsets)]
        case .randomRotation:
            guard 0...360 ~= degrees else { throw DLCError("degrees is \(degrees); expected 0 to 360") }
            guard let drawn = try draw() else { return [x] }
            return [try ImageGrid(x, context).turned(drawn * (2 * degrees * .pi / 180) - degrees * .pi / 180)]
        }
    }

    private func mirrored(_ x: TensorValue, _ axis: Int, _ context: LayerContext) throws -> TensorValue {
        var (starts, steps) = ([Dim](repeating: 0, count: x.rank), [Int](repeating: 1, count: x.rank))
        (starts[axis], steps[axis]) = (Dim(try x.extent(axis) - 1), -1)
        return try context.add(Slice(starts: starts, sizes: Array(x.shape), steps: steps), x)
    }
}

/// Images read at places that differ from one to the next, zero outside.
private struct ImageGrid {
    let x: TensorValue
    let context: LayerContext
    let height: Int
    let width: Int
    /// Height and width of the result.
    let extents: [Int]

    init(_ x: TensorValue, _ context: LayerContext, extents: [Int]? = nil) throws {
        (self.x, self.context, height, width) = (x, context, try x.extent(2), try x.extent(3))
        self.extents = extents ?? [height, width]
        _ = try Checked.count([height, width])
    }

    /// Row and column of every pixel of the result, `f32[1, P]`.
    private func places() throws -> [TensorValue] {
        let count = extents[0] * extents[1]
        return try [{ $0 / extents[1] }, { $0 % extents[1] }].map { (place: (Int) -> Int) in
            x.builder.constant(try Tensor(doubles: (0..<count).map { Double(place($0)) }, type: .float32, shape: [1, count]))
        }
    }

    /// What lies further down and right by whole pixels, `f32[N, 1]` each.
    func moved(_ offsets: [TensorValue]) throws -> TensorValue {
        let places = try places()
        return try shaped(pixels(rows: places[0] + offsets[0], columns: places[1] + offsets[1]))
    }

    /// The same place of all images.
    func part(_ extents: [Int], at offsets: [Double]) throws -> TensorValue {
        let first = offsets.map { Int($0) }
        let pads = (0..<2).map { axis in (max(-first[axis], 0), max(first[axis] + extents[axis] - [height, width][axis], 0)) }
        var padded = x
        if pads.contains(where: { $0 != (0, 0) }) {
            padded = try context.add(Pad(pads: [0, 0, Dim(pads[0].0), Dim(pads[1].0), 0, 0, Dim(pads[0].1), Dim(pads[1].1)]), x)
        }
        let starts: [Dim] = [0, 0, Dim(max(first[0], 0)), Dim(max(first[1], 0))]
        return try context.add(
            Slice(starts: starts, sizes: [x.shape[0], x.shape[1], Dim(extents[0]), Dim(extents[1])], steps: [1, 1, 1, 1]), padded)
    }

    /// Turned about the middle by angles `f32[N, 1]`, bilinear.
    func turned(_ angles: TensorValue) throws -> TensorValue {
        let places = try places()
        let (middleRow, middleColumn) = (Double(height - 1) / 2, Double(width - 1) / 2)
        let (down, right) = (try places[0] - middleRow, try places[1] - middleColumn)
        let (sine, cosine) = (try context.add(Unary(.sin), angles), try context.add(Unary(.cos), angles))
        let rows = try down * cosine - right * sine + middleRow
        let columns = try down * sine + right * cosine + middleColumn
        let (top, left) = (try context.add(Unary(.floor), rows), try context.add(Unary(.floor), columns))
        let (below, behind) = (try rows - top, try columns - left)
        var sum: TensorValue?
        for (row, rowWeight) in [(top, try 1 - below), (try top + 1, below)] {
            for (column, columnWeight) in [(left, try 1 - behind), (try left + 1, behind)] {
                let weight = try spread(rowWeight * columnWeight)
                let tap = try pixels(rows: row, columns: column) * weight
                sum = try sum.map { try $0 + tap } ?? tap
            }
        }
        guard let sum else { return x }
        return try shaped(sum)
    }

    /// The pixels `[N, C, P]` at whole rows and columns `[N, P]`.
    private func pixels(rows: TensorValue, columns: TensorValue) throws -> TensorValue {
        func inside(_ places: TensorValue, _ extent: Int) throws -> TensorValue {
            try context.add(Clip(min: 0, max: Double(extent - 1)), places)
        }
        let (row, column) = (try inside(rows, height), try inside(columns, width))
        let isInside = try context.add(Binary(.and), context.add(Binary(.equal), row, rows), context.add(Binary(.equal), column, columns))
        let flat = try context.add(Reshape(shape: [x.shape[0], x.shape[1], Dim(height * width)]), x)
        let index = try context.add(Cast(to: .int64), row * Double(width) + column)
        let count = Dim(extents[0] * extents[1])
        let all = try context.add(
            Expand(shape: [x.shape[0], x.shape[1], count]), context.add(Reshape(shape: [x.shape[0], 1, count]), index))
        let read = try context.add(GatherElements(axis: 2), flat, all)
        let mask = try context.add(Reshape(shape: [x.shape[0], 1, count]), isInside)
        return try context.add(Where(), mask, read, x.builder.scalar(0, like: x))
    }

    /// Weights `[N, P]` beside pixels `[N, C, P]`.
    private func spread(_ weights: TensorValue) throws -> TensorValue {
        let typed = weights.element == x.element ? weights : try context.add(Cast(to: x.element), weights)
        return try context.add(Reshape(shape: [x.shape[0], 1, Dim(extents[0] * extents[1])]), typed)
    }

    private func shaped(_ pixels: TensorValue) throws -> TensorValue {
        try context.add(Reshape(shape: [x.shape[0], x.shape[1], Dim(extents[0]), Dim(extents[1])]), pixels)
    }
}

extension TensorValue {
    private func augmented(_ kind: AugmentationLayer.Kind, _ name: String?, _ set: (inout AugmentationLayer) -> Void) throws -> TensorValue
    {
        var layer = AugmentationLayer(kind)
        set(&layer)
        return try applying(layer, name: name)
    }
    public func randomShift(_ pixels: some ExtentsConvertible, name: String? = nil) throws -> TensorValue {
        try augmented(.randomShift, name) { $0.pixels = pixels.extents }
    }
    public func randomFlip(_ rate: Double = 0.5, vertical: Bool = false, name: String? = nil) throws -> TensorValue {
        try augmented(.randomFlip, name) { ($0.rate, $0.vertical) = (rate, vertical) }
    }
    public func randomRotation(_ degrees: Double, name: String? = nil) throws -> TensorValue {
        try augmented(.randomRotation, name) { $0.degrees = degrees }
    }
    public func randomCrop(_ extents: some ExtentsConvertible, padding: Int = 0, name: String? = nil) throws -> TensorValue {
        try augmented(.randomCrop, name) { ($0.pixels, $0.padding) = (extents.extents, padding) }
    }
}
