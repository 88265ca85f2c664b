import DLCTensor

/// A field that pictures from files fill.
struct PictureField: Sendable {
    let field: DataField
    private let form: PictureShape
    private let shape: [Int]

    /// - Parameter first: a picture of the data; the others take its size where the field has none.
    /// - Throws: where the field takes no pictures.
    init(_ wanted: WantedField, first: String) throws {
        guard let open = PictureShape(wanted.shape), Self.takes(wanted.type) else {
            throw DLCError("the field \(wanted.description) takes no pictures; expected [1 or 3, height, width] of floats or integers")
        }
        if let height = open.height, let width = open.width {
            (form, shape) = (open, open.shape(height: height, width: width))
        } else {
            let picture = try located(first) { try Picture(first) }
            shape = open.shape(height: open.height ?? picture.height, width: open.width ?? picture.width)
            guard let closed = PictureShape(shape) else { throw DLCError("the field \(wanted.description) takes no pictures") }
            form = closed
        }
        guard !shape.contains(0) else { throw DLCError("the field \(wanted.description) is empty") }
        guard try Checked.count(shape) <= 1 << 28 else { throw DLCError("the field \(wanted.description) is too large for a picture") }
        field = DataField(wanted.name, wanted.type, shape, .pixels, channelAxis: DataField.channelAxis(ofPicture: shape))
    }

    static func takes(_ type: ElementType) -> Bool { type.isFloat || type == .uint8 || type == .int32 || type == .int64 }

    /// The size that pictures get.
    var size: (height: Int, width: Int) { (form.height ?? 1, form.width ?? 1) }

    /// `[paths.count] + shape`.
    /// - Throws: naming the file that is no picture, damaged or too large.
    func tensor(_ paths: [String]) throws -> Tensor { try tensor(paths) { try Picture($0) } }

    func tensor(_ paths: [String], read: (String) throws -> Picture) throws -> Tensor {
        let each = try Checked.count(shape)
        let isFloat = field.type.isFloat
        let tensor = try Tensor(type: .float32, shape: [paths.count] + shape) { target in
            let target = target.bindMemory(to: Float.self)
            for (place, path) in paths.enumerated() {
                let values = try located(path) { try form.values(of: read(path)).values }
                for index in 0..<each { target[place * each + index] = isFloat ? values[index] / 255 : values[index].rounded() }
            }
        }
        return try tensor.converted(to: field.type)
    }
}
