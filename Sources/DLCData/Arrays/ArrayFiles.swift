import DLCTensor
import DLCTensorFiles

/// Files of arrays, opened as rows.
enum ArrayFiles {
    static let kinds = ["npy", "npz", "safetensors"]

    /// The arrays of a file.
    /// - Throws: where it is no such file or damaged.
    static func arrays(in path: String) throws -> [ArrayRows] {
        let file = try DataFile(path)
        switch Folder.kind(of: path) {
        case "npy": return [try ArrayRows(NPY.stored(path), file: file, place: path)]
        case "npz": return try rows(NPZ.stored(path), file)
        default: return try rows(Safetensors(contentsOf: path).stored, file)
        }
    }

    private static func rows(_ arrays: [StoredArray], _ file: DataFile) throws -> [ArrayRows] {
        // A single number beside the arrays (a version, a seed) is nobody's example.
        try arrays.filter { !$0.shape.isEmpty }.map { try ArrayRows($0, file: file, place: "\(file.path): \($0.name.printable())") }
    }
}
