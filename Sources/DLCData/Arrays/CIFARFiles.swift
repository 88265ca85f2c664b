import DLCTensor
import DLCTensorFiles

/// The binary versions of CIFAR-10 and CIFAR-100 (Krizhevsky, 2009): records of a label (CIFAR-100: a coarse and a fine one)
/// and 3 × 32 × 32 bytes, red, green and blue planes.
enum CIFARFiles {
    private static let picture = 3 * 32 * 32

    /// The arrays `image` and `label` (CIFAR-100: also `coarse`) of files one after the other.
    /// - Parameter labels: labels of a record, 1 or 2; nil tells it by the files' sizes.
    /// - Throws: where a file is not a whole number of records.
    static func arrays(_ paths: [String], labels: Int? = nil) throws -> [ArrayRows] {
        let files = try paths.map { try DataFile.opened($0) }
        var fitting = [1, 2]
        for file in files {
            fitting.removeAll { file.size % ($0 + picture) != 0 || labels != nil && labels != $0 }
            guard !fitting.isEmpty, file.size > 0 else {
                let records = labels.map { "\($0 + picture)" } ?? "\(1 + picture) (CIFAR-10) or \(2 + picture) (CIFAR-100)"
                throw DLCError("has \(file.size) bytes; expected records of \(records)", at: [file.path])
            }
        }
        guard fitting.count == 1 else {
            throw DLCError("could be of CIFAR-10 or CIFAR-100 by its size; expected the folder with the names of the classes", at: paths)
        }
        let head = fitting[0]
        func rows(_ name: String, _ shape: [Int], at offset: Int) throws -> ArrayRows {
            let parts = files.map { ArrayRows.Part(file: $0, offset: offset, stride: head + picture, count: $0.size / (head + picture)) }
            return try ArrayRows(name, .uint8, shape, in: parts, place: paths.count == 1 ? paths[0] : "\(paths[0]), …")
        }
        let coarse = head == 2 ? [try rows("coarse", [], at: 0)] : []
        return try [rows("image", [3, 32, 32], at: head), rows("label", [], at: head - 1)] + coarse
    }

    /// The classes' names where the file that lists them lies beside the data, and how many labels a record then has.
    static func classNames(of place: DataPlace) throws -> (names: [String], labels: Int)? {
        let folder = FilePath.isFolder(place.path) ? place.path : Folder.parent(of: place.path)
        for (name, labels) in [("batches.meta.txt", 1), ("fine_label_names.txt", 2)] {
            let path = Folder.join(folder, name)
            guard FilePath.isFile(path) else { continue }
            return (try ClassField.names(in: path), labels)
        }
        return nil
    }
}
