import DLCTensor
import DLCTensorFiles

/// The file format of MNIST (LeCun, Cortes and Burges, "The MNIST database", section "File formats"), plain or gzip:
/// two zeros, a type, the number of dimensions, each extent in four bytes, then the elements; all in network order.
enum IDXFile {
    private static let types: [UInt8: ElementType] = [
        0x08: .uint8, 0x09: .int8, 0x0B: .int16, 0x0C: .int32, 0x0D: .float32, 0x0E: .float64,
    ]

    /// Whether a file's name is one of MNIST's: `train-images-idx3-ubyte`, `t10k-labels.idx1-ubyte.gz`.
    static func isName(_ name: String) -> Bool {
        name.contains("idx") && (name.hasSuffix("ubyte") || name.hasSuffix("ubyte.gz")) || Folder.kind(of: name) == "idx"
    }

    static func isImages(_ name: String) -> Bool { isName(name) && name.contains("images") }

    /// The rows of one file.
    /// - Throws: where it is no such file, or has not as many bytes as its extents say.
    static func rows(_ path: String, name: String) throws -> ArrayRows {
        let file = try DataFile.opened(path)
        return try located(path) {
            let head = try file.bytes(at: 0, count: 4)
            guard head.count == 4, head[0] == 0, head[1] == 0, let type = types[head[2]], (1...8).contains(head[3]) else {
                throw DLCError(
                    """
                    is no IDX file: it begins with \(head.map { String($0, radix: 16) }.joined(separator: " ")); expected 0 0, a type \
                    (8 for bytes) and 1 to 8 dimensions
                    """
                )
            }
            let rank = Int(head[3])
            let extents = try file.bytes(at: 4, count: 4 * rank)
            guard extents.count == 4 * rank else { throw DLCError("is truncated inside the IDX header") }
            let shape = (0..<rank).map { axis in extents[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) } }
            let start = 4 + 4 * rank
            let needed = try Checked.multiply(Checked.count(shape), type.size)
            guard file.size - start == needed else {
                throw DLCError("has \(file.size - start) bytes after its header; \(type)\(shape) has \(needed)")
            }
            let each = try Checked.multiply(Checked.count(Array(shape.dropFirst())), type.size)
            let part = ArrayRows.Part(file: file, offset: start, stride: each, count: shape[0])
            return try ArrayRows(name, type, Array(shape.dropFirst()), in: [part], isBigEndian: type.size > 1, place: path)
        }
    }

    /// Pictures and, where a file of that name lies beside them, their labels.
    static func arrays(images path: String) throws -> [ArrayRows] {
        let images = try rows(path, name: "image")
        let name = Folder.name(of: path)
        let labels = name.replacing("images", with: "labels").replacing("idx3", with: "idx1")
        let other = labels.hasSuffix(".gz") ? String(labels.dropLast(3)) : labels + ".gz"
        for name in [labels, other] where labels != name.replacing("labels", with: "images") {
            let place = Folder.join(Folder.parent(of: path), name)
            if Folder.name(of: path) != name, FilePath.isFile(place) { return [images, try rows(place, name: "label")] }
        }
        return [images]
    }
}

extension String {
    /// With every occurrence of a text replaced.
    fileprivate func replacing(_ text: String, with other: String) -> String {
        var result = ""
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(text) {
                result += other
                rest = rest.dropFirst(text.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }
}
