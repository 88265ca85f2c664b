import DLCTensor

/// Opens data of any format.
public enum Datasets {
    /// The data at a path, in the form that a training asks for.
    ///
    /// The format is told by the file's name, or by what a folder holds.
    /// - Throws: where nothing is there, no format fits, the data are not what the fields ask for, or a folder holds parts of which
    ///   one has to be named.
    public static func open(_ path: String, wanting fields: [WantedField], options: DataOptions = DataOptions()) throws -> any Dataset {
        let (training, validation) = try DataPlace.find(path)
        if validation != nil {
            throw DLCError("holds data for training and for validation; name one of them, or give it as both", at: [path])
        }
        return try open(training, fields, options)
    }

    /// The data for training at a path, and those for validation where the path is a folder of both (MNIST's and CIFAR's files;
    /// `train` and one of `validation`, `valid`, `val` or `test`, folders or files). They are held to each other by `check`.
    /// - Throws: as `open` does.
    public static func openParts(
        _ path: String, wanting fields: [WantedField], options: DataOptions = DataOptions()
    ) throws -> (training: any Dataset, validation: (any Dataset)?) {
        let places = try DataPlace.find(path)
        let training = try open(places.training, fields, options)
        guard let place = places.validation else { return (training, nil) }
        let validation = try open(place, fields, options.following(training))
        try check(training: training, validation: validation)
        return (training, validation)
    }

    private static func open(_ place: DataPlace, _ fields: [WantedField], _ options: DataOptions) throws -> any Dataset {
        switch place.format {
        case .arrays:
            let arrays = try place.files.flatMap { try ArrayFiles.arrays(in: $0) }
            let names = try ClassField.names(beside: place.path) ?? []
            return try ArrayDataset(
                arrays, of: place.path, kind: Folder.kind(of: place.files[0]), classNames: names, wanting: fields, options)
        case .idx:
            return try ArrayDataset(IDXFile.arrays(images: place.files[0]), of: place.path, kind: "IDX", wanting: fields, options)
        case .cifar:
            let names = try CIFARFiles.classNames(of: place)
            let arrays = try CIFARFiles.arrays(place.files, labels: names?.labels)
            return try ArrayDataset(arrays, of: place.path, kind: "CIFAR", classNames: names?.names ?? [], wanting: fields, options)
        case .table where options.text.form == .pairs:
            return try SequenceText(place.path, files: place.files, form: .pairs, wanting: fields, options)
        case .table: return try TableDataset(place.path, wanting: fields, options)
        case .text:
            let form = options.text.form ?? (Folder.kind(of: place.files[0]).hasPrefix("abc") ? .paragraphs : .running)
            if form == .running { return try RunningText(place.path, files: place.files, wanting: fields, options) }
            return try SequenceText(place.path, files: place.files, form: form, wanting: fields, options)
        case .coco:
            let file = try COCOFile(place.path)
            return try BoxedPictures(place.path, file.pictures, classNames: file.classNames, kind: "COCO", wanting: fields, options)
        case .yolo:
            let (pictures, names) = try YOLOFolder.pictures(place.path)
            return try BoxedPictures(place.path, pictures, classNames: names, kind: "YOLO", wanting: fields, options)
        case .sounds(let folders):
            return try SoundDataset(place.path, files: place.files, folders: folders, wanting: fields, options)
        case .segmented: return try SegmentedPictures(place.path, wanting: fields, options)
        case .pictures(let folders): return try PictureFolder(place.path, folders: folders, wanting: fields, options)
        }
    }

    /// Checks that two parts can serve one training.
    /// - Throws: naming the first difference in fields, classes or vocabularies.
    public static func check(training: any Dataset, validation: any Dataset) throws {
        for (a, b) in zip(training.fields, validation.fields) where a != b {
            throw DLCError("the training data give \(a), the validation data \(b)")
        }
        guard training.fields.count == validation.fields.count else {
            throw DLCError("the training data give \(training.fields.count) fields, the validation data \(validation.fields.count)")
        }
        let (a, b) = (training.classNames, validation.classNames)
        if a != b {
            if let extra = b.first(where: { !a.contains($0) }) {
                throw DLCError("the validation data have the class \(extra.printable()), which the training data have not: \(listed(a))")
            }
            throw DLCError("the training data have the classes \(listed(a)), the validation data \(listed(b))")
        }
        guard training.encoding == validation.encoding else {
            throw DLCError("the validation data were read with another vocabulary or other categories than the training data")
        }
    }

    static func listed(_ names: [String]) -> String {
        let shown = names.prefix(12).map { $0.printable(most: 40) }.joined(separator: ", ")
        return names.count > 12 ? "\(shown), … (\(names.count))" : shown
    }
}
