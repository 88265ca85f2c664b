import DLCTensor

/// Opens data of any format.
public enum Datasets {
    /// The data at a path, in the form that a training asks for.
    ///
    /// The format is told by the file's name, or by what a folder holds.
    /// - Throws: where nothing is there, no format fits, or the data are not what the fields ask for.
    public static func open(_ path: String, wanting fields: [WantedField], options: DataOptions = DataOptions()) throws -> any Dataset {
        if Folder.exists(path) { return try openFolder(path, fields, options) }
        let kind = Folder.kind(of: path)
        if ArrayFiles.kinds.contains(kind) {
            return try ArrayDataset(ArrayFiles.arrays(in: path), of: path, kind: kind, wanting: fields, options)
        }
        guard Folder.isFile(path) else { throw DLCError("there is no such file or folder", at: [path]) }
        throw DLCError("is of no known format; expected \(known)", at: [path])
    }

    private static let known = ".npy, .npz, .safetensors or a folder of .npy files"

    private static func openFolder(_ path: String, _ fields: [WantedField], _ options: DataOptions) throws -> any Dataset {
        let names = try Folder.names(in: path)
        guard !names.isEmpty else { throw DLCError("is an empty folder", at: [path]) }
        let arrays = names.filter { Folder.kind(of: $0) == "npy" }
        if !arrays.isEmpty {
            return try ArrayDataset(ArrayFiles.arrays(inFolder: path, names: arrays), of: path, kind: "npy", wanting: fields, options)
        }
        throw DLCError("is a folder of no known format; expected \(known)", at: [path])
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
