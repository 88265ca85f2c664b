import DLCTensor

/// Pictures with a class for each pixel: `images/NAME.png` or `.jpg`, and `masks/NAME.png` with the classes as indices of a palette or
/// as grey values. Sources are `image` and `mask`; masks are resized by their nearest pixels. What marks pixels without a class
/// (255 in Pascal VOC) is a class like others: a training that leaves them out sees it only where it bounds no class by it.
struct SegmentedPictures: Dataset {
    static let folders = (images: "images", masks: "masks")

    let summary: String
    let fields: [DataField]
    let encoding: DataEncoding
    private let images: [String]
    private let masks: [String]
    private let pictures: [PictureField]
    private let segments: [SegmentField]

    var count: Int { images.count }

    private enum Source: String, FieldSource, CaseIterable {
        case image, mask
        var name: String { rawValue }
        var description: String { self == .image ? "image: pictures" : "mask: a class for each pixel" }

        func fits(_ wanted: WantedField) -> Bool {
            let picture = PictureShape(wanted.shape)
            // Channels or floats are asked of pictures, integers of one channel of masks.
            return self == .image
                ? picture != nil && PictureField.takes(wanted.type) && (wanted.type.isFloat || picture?.channels == 3)
                : picture?.channels == 1 && wanted.type.isInteger
        }
    }

    /// - Throws: where a picture has no mask or a mask no picture, or a field can be filled by neither.
    init(_ path: String, wanting wanted: [WantedField], _ options: DataOptions) throws {
        func files(_ folder: String, _ kinds: [String]) throws -> [String: String] {
            let place = Folder.join(path, folder)
            var found: [String: String] = [:]
            for name in try PictureNames(in: place, kinds: kinds).names {
                guard found.updateValue(Folder.join(place, name), forKey: Folder.stem(of: name)) == nil else {
                    throw DLCError("has two pictures named \(Folder.stem(of: name).printable())", at: [place])
                }
            }
            return found
        }
        let (images, masks) = (try files(Self.folders.images, PictureNames.kinds), try files(Self.folders.masks, ["png"]))
        if let alone = images.keys.filter({ masks[$0] == nil }).min() {
            throw DLCError("\(alone.printable()) has a picture and no mask", at: [path])
        }
        if let alone = masks.keys.filter({ images[$0] == nil }).min() {
            throw DLCError("\(alone.printable()) has a mask and no picture", at: [path])
        }
        let names = images.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let (imagePaths, maskPaths) = (names.compactMap { images[$0] }, names.compactMap { masks[$0] })
        let chosen = try located(path) { try FieldMatching.assign(wanted, from: Source.allCases, names: options.sources) }
        var (pictures, segments): ([PictureField], [SegmentField]) = ([], [])
        for (field, index) in zip(wanted, chosen) {
            if Source.allCases[index] == .image {
                pictures.append(try located(path) { try PictureField(field, first: imagePaths[0]) })
            } else {
                segments.append(try located(path) { try SegmentField(field, first: maskPaths[0]) })
            }
        }
        (self.images, self.masks) = (imagePaths, maskPaths)
        (self.pictures, self.segments) = (pictures, segments)
        let known = pictures.map(\.field) + segments.map(\.field)
        fields = wanted.compactMap { wanted in known.first { $0.name == wanted.name } }
        encoding = options.encoding ?? DataEncoding()
        summary = "\(names.count) pictures with masks in \(path)"
    }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        try check(indices)
        var tensors: [String: Tensor] = [:]
        for picture in pictures { tensors[picture.field.name] = try picture.tensor(indices.map { images[$0] }) }
        for segment in segments {
            tensors[segment.field.name] = try segment.tensor(indices.map { masks[$0] }, pictures: indices.map { images[$0] })
        }
        return tensors
    }
}

/// A field with a class for each pixel, `[H, W]` or `[1, H, W]`.
private struct SegmentField {
    let field: DataField
    private let height: Int
    private let width: Int
    private let classes: Int?

    init(_ wanted: WantedField, first: String) throws {
        guard let form = PictureShape(wanted.shape), form.channels == 1, wanted.type.isInteger else {
            throw DLCError("the field \(wanted.description) holds no classes of pixels; expected [height, width] of integers")
        }
        let picture = try form.height == nil || form.width == nil ? located(first) { try Picture(indices: first) } : nil
        height = form.height ?? picture?.height ?? 0
        width = form.width ?? picture?.width ?? 0
        guard height > 0, width > 0 else { throw DLCError("the field \(wanted.description) is empty") }
        field = DataField(wanted.name, wanted.type, form.shape(height: height, width: width), .segments)
        classes = wanted.classes
    }

    func tensor(_ paths: [String], pictures: [String]) throws -> Tensor {
        var values: [Int64] = []
        values.reserveCapacity(paths.count * height * width)
        for path in paths {
            let mask = try located(path) { try Picture(indices: path) }
            for row in 0..<height {
                let y = (2 * row + 1) * mask.height / (2 * height)
                for column in 0..<width {
                    let x = (2 * column + 1) * mask.width / (2 * width)
                    let value = Int(mask.pixels[y * mask.width + x])
                    if let classes, value >= classes {
                        throw DLCError(
                            "the pixel in row \(y), column \(x) is of class \(value); expected 0 to \(classes - 1)",
                            at: [path])
                    }
                    values.append(Int64(value))
                }
            }
        }
        return try Tensor(values, shape: [paths.count] + field.shape.compactMap { $0 }).converted(to: field.type)
    }
}
