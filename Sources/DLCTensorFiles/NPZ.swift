import DLCSafetensors
import DLCTensor

/// NumPy's file of several named arrays: a zip archive with an npy file for each.
public enum NPZ {
    /// The arrays in the order of the archive.
    /// - Throws: where the file cannot be read, is no zip archive, or holds anything but npy files that `NPY` reads.
    public static func read(_ path: String) throws -> [(name: String, tensor: Tensor)] {
        try located(path) {
            var arrays: [(name: String, tensor: Tensor)] = []
            let file = try MappedFile(path: path)
            try withExtendedLifetime(file) {
                try ZipArchive.forEach(in: file.bytes) { entry in
                    guard entry.name.hasSuffix(".npy") else {
                        throw DLCError("holds '\(entry.name.printable())'; expected names that end in .npy")
                    }
                    let tensor = try located(entry.name.printable()) { try NPY.tensor(from: entry.bytes[...]) }
                    arrays.append((String(entry.name.dropLast(4)), tensor))
                }
            }
            return arrays
        }
    }

    /// Writes the tensors uncompressed; the same tensors give the same bytes.
    public static func write(_ tensors: [(name: String, tensor: Tensor)], to path: String) throws {
        try located(path) {
            let entries = try tensors.map { name, tensor in
                ZipArchive.Entry(name: name + ".npy", bytes: try located(name) { try NPY.bytes(of: tensor) })
            }
            try FileBytes.write(ZipArchive(entries: entries).bytes(), to: path)
        }
    }
}
