import DLCTensor

/// An array whose elements stay in the file until they are asked for, or which had to be decoded.
public struct StoredArray: Sendable {
    public enum Place: Sendable {
        /// Row-major, little-endian elements from this byte of the file on.
        case file(offset: Int)
        case memory(Tensor)
    }

    public let name: String
    public let type: ElementType
    public let shape: [Int]
    public let place: Place
}

extension NPY {
    /// The array of an npy file, named after the file. Fortran order and strings are decoded into memory.
    /// - Throws: as `read` does.
    public static func stored(_ path: String) throws -> StoredArray {
        try located(path) {
            let file = try MappedFile(path: path)
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return try withExtendedLifetime(file) {
                try stored(name.hasSuffix(".npy") ? String(name.dropLast(4)) : name, in: file.bytes[...], offset: 0)
            }
        }
    }

    /// - Parameter offset: where `bytes` begins in the file.
    static func stored(_ name: String, in bytes: Slice<UnsafeRawBufferPointer>, offset: Int) throws -> StoredArray {
        let (header, data) = try layout(of: bytes)
        if header.isFortranOrder || header.strings != nil {
            let tensor = try tensor(from: Array(bytes)[...])
            return StoredArray(name: name, type: tensor.type, shape: tensor.shape, place: .memory(tensor))
        }
        return StoredArray(name: name, type: header.type, shape: header.shape, place: .file(offset: try Checked.add(offset, data)))
    }
}

extension NPZ {
    /// The arrays of an archive. Stored entries, as `numpy.savez` writes them, stay in the file (their checksum is not
    /// computed); deflated ones are decoded into memory.
    /// - Throws: as `read` does.
    public static func stored(_ path: String) throws -> [StoredArray] {
        try located(path) {
            let file = try MappedFile(path: path)
            return try withExtendedLifetime(file) {
                try ZipArchive.records(in: file.bytes).map { record in
                    guard record.name.hasSuffix(".npy") else {
                        throw DLCError("holds '\(record.name.printable())'; expected names that end in .npy")
                    }
                    let name = String(record.name.dropLast(4))
                    return try located(record.name.printable()) {
                        if record.method == 0 {
                            let range = try record.range(in: file.bytes)
                            return try NPY.stored(name, in: file.bytes[range], offset: range.lowerBound)
                        }
                        let tensor = try NPY.tensor(from: record.contents(in: file.bytes)[...])
                        return StoredArray(name: name, type: tensor.type, shape: tensor.shape, place: .memory(tensor))
                    }
                }
            }
        }
    }
}

extension Safetensors {
    /// The tensors, left in the file.
    public var stored: [StoredArray] {
        zip(entries, ranges).map { StoredArray(name: $0.name, type: $0.type, shape: $0.shape, place: .file(offset: $1.lowerBound)) }
    }
}
