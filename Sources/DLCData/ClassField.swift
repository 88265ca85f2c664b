import DLCTensor
import DLCTensorFiles

/// A field that holds the class of an example.
enum ClassField {
    /// The names in `classes.txt`, one a line, in a folder or beside a file; nil where there is none.
    static func names(beside path: String) throws -> [String]? {
        let file = Folder.join(FilePath.isFolder(path) ? path : Folder.parent(of: path), "classes.txt")
        return FilePath.isFile(file) ? try names(in: file) : nil
    }

    static func names(in file: String) throws -> [String] {
        var lines = TextLines(try DataFile(file))
        var names: [String] = []
        while let line = try lines.next() {
            let name = Table.trimmed(line.prefix { !$0.isNewline })
            guard !name.isEmpty else { continue }
            guard !names.contains(name) else {
                throw DLCError("line \(lines.line): names the class \(name.printable()) a second time", at: [file])
            }
            names.append(name)
        }
        return names
    }

    /// - Throws: where the field holds something else, or the data have more classes than the model.
    static func conversion(_ wanted: WantedField, classNames: [String], at path: String) throws -> FieldConversion {
        guard wanted.shape.isEmpty, !wanted.type.isFloat else {
            throw DLCError("a class is one integer for each example; the field \(wanted.description) takes something else", at: [path])
        }
        if let most = wanted.classes, classNames.count > most {
            throw DLCError(
                "there are \(classNames.count) classes (\(Datasets.listed(classNames))), the model has \(most) for \(wanted.name)",
                at: [path])
        }
        let field = DataField(wanted.name, wanted.type, [], .classes)
        let known = classNames.isEmpty ? wanted.classes : min(classNames.count, wanted.classes ?? .max)
        return FieldConversion(field: field, classes: known, allowsNonFinite: false)
    }
}
