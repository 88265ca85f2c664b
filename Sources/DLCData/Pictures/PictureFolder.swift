import DLCTensor

/// Pictures in a folder for each class, or in one folder without classes.
///
/// Sources are `image` and, where there are classes, `label`. Classes are numbered by their names in the order of bytes.
struct PictureFolder: Dataset {
    let summary: String
    let fields: [DataField]
    let encoding: DataEncoding
    private let paths: [String]
    /// The class of each picture.
    private let classes: [Int]?
    private let pictures: [PictureField]
    private let labelFields: [FieldConversion]

    var count: Int { paths.count }

    private struct Source: FieldSource {
        let name: String
        let isPicture: Bool
        var description: String { isPicture ? "image: pictures" : "label: the class" }

        func fits(_ wanted: WantedField) -> Bool {
            isPicture ? PictureShape(wanted.shape) != nil && PictureField.takes(wanted.type) : wanted.shape.isEmpty && !wanted.type.isFloat
        }
    }

    /// - Parameter folders: the folders of classes; empty where the pictures lie in `path` itself.
    /// - Throws: where a folder has no pictures or some that cannot be read, classes are unknown, or a field can be filled by nothing.
    init(_ path: String, folders: [String], wanting wanted: [WantedField], _ options: DataOptions) throws {
        var encoding = options.encoding ?? DataEncoding()
        if !folders.isEmpty, encoding.classNames.isEmpty { encoding.classNames = folders }
        var (paths, classes, others): ([String], [Int], Int) = ([], [], 0)
        for folder in folders.isEmpty ? [""] : folders {
            let place = folder.isEmpty ? path : Folder.join(path, folder)
            let pictures = try PictureNames(in: place)
            let names = pictures.names
            others += pictures.others
            paths += names.map { Folder.join(place, $0) }
            if folder.isEmpty { continue }
            guard let index = encoding.classNames.firstIndex(of: folder) else {
                throw DLCError("is a class that the training data have not: \(Datasets.listed(encoding.classNames))", at: [place])
            }
            classes += [Int](repeating: index, count: names.count)
        }
        let sources = [Source(name: "image", isPicture: true)] + (folders.isEmpty ? [] : [Source(name: "label", isPicture: false)])
        let chosen = try located(path) { try FieldMatching.assign(wanted, from: sources, names: options.sources) }
        var (pictures, labels): ([PictureField], [FieldConversion]) = ([], [])
        for (field, index) in zip(wanted, chosen) {
            if sources[index].isPicture {
                pictures.append(try located(path) { try PictureField(field, first: paths[0]) })
            } else {
                labels.append(try ClassField.conversion(field, classNames: encoding.classNames, at: path))
            }
        }
        self.paths = paths
        self.classes = folders.isEmpty ? nil : classes
        (self.encoding, self.pictures, labelFields) = (encoding, pictures, labels)
        let known = pictures.map(\.field) + labels.map(\.field)
        fields = wanted.compactMap { wanted in known.first { $0.name == wanted.name } }
        summary =
            "\(paths.count) pictures" + (folders.isEmpty ? "" : " of \(encoding.classNames.count) classes") + " in \(path)"
            + PictureNames.note(others)
    }

    func labels() -> [Int]? { classes }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        try check(indices)
        var tensors: [String: Tensor] = [:]
        for picture in pictures { tensors[picture.field.name] = try picture.tensor(indices.map { paths[$0] }) }
        if let classes {
            let chosen = try Tensor(indices.map { Int64(classes[$0]) }, shape: [indices.count])
            for label in labelFields { tensors[label.field.name] = try label.convert(chosen, shape: []) { paths[indices[$0]] } }
        }
        return tensors
    }
}
