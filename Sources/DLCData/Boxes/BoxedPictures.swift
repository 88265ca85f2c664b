import DLCTensor

/// Pictures with boxes and their classes.
///
/// Sources are `image`; `boxes`, `[M, 4]` with left, top, right and bottom in pixels of the resized picture; `classes`, `[M]`; `mask`,
/// `[M]` with 1 where there is a box; and `count`. Fewer boxes than M are filled up with zeros; where M is open it is that of the
/// picture in the batch with the most. A picture with one box can fill `[4]` and a single class.
struct BoxedPictures: Dataset {
    let summary: String
    let fields: [DataField]
    let encoding: DataEncoding
    private let pictures: [BoxedPicture]
    private let columns: [Column]

    var count: Int { pictures.count }

    private enum Source: String, FieldSource, CaseIterable {
        case image, boxes, classes, mask, count
        var name: String { rawValue }
        var description: String { rawValue }

        func fits(_ wanted: WantedField) -> Bool {
            switch self {
            case .image: wanted.shape.count == 3 && PictureShape(wanted.shape) != nil && PictureField.takes(wanted.type)
            case .boxes: wanted.type.isFloat && (wanted.shape.count == 2 && wanted.shape[1] == 4 || wanted.shape == [4])
            case .classes: wanted.type.isInteger && wanted.shape.count == 1
            case .mask: !wanted.type.isInteger && wanted.shape.count == 1 && wanted.shape != [4]
            case .count: wanted.type.isInteger && wanted.shape.isEmpty
            }
        }
    }

    private struct Column {
        let source: Source
        let field: DataField
        /// The most boxes; nil where open.
        let most: Int?
        let picture: PictureField?
    }

    init(
        _ path: String, _ pictures: [BoxedPicture], classNames: [String], kind: String, wanting wanted: [WantedField],
        _ options: DataOptions
    ) throws {
        guard let first = pictures.first else { throw DLCError("lists no pictures", at: [path]) }
        var encoding = options.encoding ?? DataEncoding()
        if encoding.classNames.isEmpty { encoding.classNames = classNames }
        guard classNames == encoding.classNames else {
            throw DLCError(
                "has the classes \(Datasets.listed(classNames)), the training data \(Datasets.listed(encoding.classNames))", at: [path])
        }
        let chosen = try located(path) { try FieldMatching.assign(wanted, from: Source.allCases, names: options.sources) }
        var columns: [Column] = []
        for (field, index) in zip(wanted, chosen) {
            let source = Source.allCases[index]
            guard source.fits(field) || source == .classes && field.shape.isEmpty && field.type.isInteger else {
                throw DLCError("the field \(field.description) cannot hold \(source.rawValue)", at: [path])
            }
            if source == .classes, let most = field.classes {
                let count = max(classNames.count, (pictures.lazy.flatMap(\.boxes).map(\.label).max() ?? -1) + 1)
                guard count <= most else {
                    throw DLCError(
                        "there are \(count) classes (\(Datasets.listed(classNames))), the model has \(most) for \(field.name)", at: [path])
                }
            }
            let picture = source == .image ? try located(path) { try PictureField(field, first: first.path) } : nil
            let isSingle = source != .image && source != .count && (field.shape.isEmpty || source == .boxes && field.shape.count == 1)
            let content: FieldContent =
                switch source {
                case .image: .pixels
                case .boxes: .boxes
                case .classes: isSingle ? .classes : .segments
                case .mask: .mask
                case .count: .numbers
                }
            let described = picture?.field ?? DataField(field.name, field.type, field.shape, content)
            columns.append(
                Column(source: source, field: described, most: isSingle ? 1 : field.shape.first.flatMap { $0 }, picture: picture))
        }
        for column in columns where column.source != .image && column.source != .count {
            guard let most = column.most else { continue }
            let isExact = column.field.shape.isEmpty || column.field.shape == [4]
            if let odd = pictures.first(where: { $0.boxes.count > most || isExact && $0.boxes.count != 1 }) {
                throw DLCError(
                    "has \(odd.boxes.count) boxes; the field \(column.field) holds \(isExact ? "exactly" : "at most") \(most)",
                    at: [odd.path])
            }
        }
        (self.pictures, self.columns, self.encoding) = (pictures, columns, encoding)
        fields = columns.map(\.field)
        let boxes = pictures.reduce(0) { $0 + $1.boxes.count }
        summary = "\(pictures.count) pictures with \(boxes) boxes, \(kind), in \(path)"
    }

    /// The class of each picture where each has one box.
    func labels() -> [Int]? {
        columns.contains { $0.field.content == .classes } ? pictures.map { $0.boxes[0].label } : nil
    }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        try check(indices)
        let chosen = indices.map { pictures[$0] }
        let longest = chosen.map(\.boxes.count).max() ?? 0
        let size = columns.compactMap { $0.picture?.size }.first
        var tensors: [String: Tensor] = [:]
        for column in columns {
            if let picture = column.picture {
                tensors[column.field.name] = try picture.tensor(chosen.map(\.path))
                continue
            }
            let most = column.most ?? longest
            var values: [Double] = []
            for picture in chosen {
                if column.source == .count {
                    values.append(Double(picture.boxes.count))
                } else {
                    for place in 0..<most {
                        let box = place < picture.boxes.count ? picture.boxes[place] : nil
                        switch column.source {
                        case .boxes:
                            // Without a picture beside them, boxes are in parts of it.
                            let (width, height) = (Double(size?.width ?? 1), Double(size?.height ?? 1))
                            let edges = box?.edges ?? (0, 0, 0, 0)
                            values += [edges.0 * width, edges.1 * height, edges.2 * width, edges.3 * height]
                        case .classes: values.append(Double(box?.label ?? 0))
                        default: values.append(box == nil ? 0 : 1)
                        }
                    }
                }
            }
            let shape = column.field.shape.map { $0 ?? most }
            tensors[column.field.name] = try Tensor(doubles: values, type: column.field.type, shape: [indices.count] + shape)
        }
        return tensors
    }
}
