import DLCTensor
import DLCTensorFiles

/// The rows of an array: its elements along the first dimension, one for each example, read when they are asked for, which is in the
/// order of a seed.
struct ArrayRows: Sendable, FieldSource {
    let name: String
    let type: ElementType
    /// Extents of one row.
    let shape: [Int]
    let count: Int
    /// For messages: the file, and the array where a file holds several.
    let place: String
    private let rowBytes: Int
    private let isBigEndian: Bool
    private let bytes: Bytes

    private enum Bytes {
        case files([Part])
        case memory(Tensor)
    }

    /// Rows of one file: `stride` bytes from one to the next.
    struct Part: Sendable {
        let file: DataFile
        let offset: Int
        let stride: Int
        let count: Int
    }

    /// - Throws: where the array has no dimension to count examples by.
    init(_ array: StoredArray, file: DataFile, place: String) throws {
        guard let count = array.shape.first else {
            throw DLCError("is a single \(array.type); expected a first dimension that counts the examples", at: [place])
        }
        (name, type, shape, self.count, self.place) = (array.name, array.type, Array(array.shape.dropFirst()), count, place)
        rowBytes = try Checked.multiply(Checked.count(shape), type.size)
        isBigEndian = false
        switch array.place {
        case .file(let offset):
            file.expectRandomReads()
            bytes = .files([Part(file: file, offset: offset, stride: rowBytes, count: count)])
        case .memory(let tensor): bytes = .memory(tensor)
        }
    }

    /// Rows that lie in records of one or more files.
    /// - Parameter isBigEndian: whether the bytes of an element stand in network order.
    init(_ name: String, _ type: ElementType, _ shape: [Int], in parts: [Part], isBigEndian: Bool = false, place: String) throws {
        (self.name, self.type, self.shape, self.place, self.isBigEndian) = (name, type, shape, place, isBigEndian)
        rowBytes = try Checked.multiply(Checked.count(shape), type.size)
        count = try parts.reduce(0) { try Checked.add($0, $1.count) }
        parts.forEach { $0.file.expectRandomReads() }
        bytes = .files(parts)
    }

    init(_ name: String, _ tensor: Tensor, place: String) throws {
        guard let count = tensor.shape.first else {
            throw DLCError("is a single \(tensor.type); expected a first dimension that counts the examples", at: [place])
        }
        (self.name, type, shape, self.count, self.place) = (name, tensor.type, Array(tensor.shape.dropFirst()), count, place)
        rowBytes = try Checked.multiply(Checked.count(shape), type.size)
        isBigEndian = false
        bytes = .memory(tensor)
    }

    var description: String { "\(name.printable()): \(DataField.text(type, [count] + shape))" }

    func fits(_ wanted: WantedField) -> Bool {
        ShapeFit(of: shape, to: wanted.shape) != nil && (wanted.type.isFloat || !type.isFloat)
    }

    /// The rows at `indices`, `[indices.count] + shape`, of the array's type. Neighbours are read at once.
    func rows(_ indices: some RandomAccessCollection<Int>) throws -> Tensor {
        try Tensor(type: type, shape: [indices.count] + shape) { target in
            guard rowBytes > 0 else { return }
            var indices = Array(indices)[...]
            var done = 0
            while let first = indices.first {
                let run = zip(indices, first...).prefix { $0 == $1 }.count
                indices.removeFirst(run)
                let part = UnsafeMutableRawBufferPointer(rebasing: target[done..<done + run * rowBytes])
                done += part.count
                switch bytes {
                case .files(let parts): try read(parts, first, into: part)
                case .memory(let tensor):
                    tensor.withUnsafeBytes {
                        part.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[first * rowBytes..<(first + run) * rowBytes]))
                    }
                }
            }
            if isBigEndian { Self.swap(target, type.size) }
            if type == .bool, let odd = target.firstIndex(where: { $0 > 1 }) {
                throw DLCError("has a bool of value \(target[odd]); expected 0 or 1", at: [place])
            }
        }
    }

    /// Rows from `first` on, as many as `target` takes.
    private func read(_ parts: [Part], _ first: Int, into target: UnsafeMutableRawBufferPointer) throws {
        var (row, done) = (first, 0)
        for part in parts {
            guard row < part.count else {
                row -= part.count
                continue
            }
            let count = min(part.count - row, (target.count - done) / rowBytes)
            if part.stride == rowBytes {
                let rows = UnsafeMutableRawBufferPointer(rebasing: target[done..<done + count * rowBytes])
                try part.file.read(at: part.offset + row * part.stride, into: rows)
            } else {
                for index in 0..<count {
                    let rows = UnsafeMutableRawBufferPointer(rebasing: target[done + index * rowBytes..<done + (index + 1) * rowBytes])
                    try part.file.read(at: part.offset + (row + index) * part.stride, into: rows)
                }
            }
            done += count * rowBytes
            row = 0
            if done == target.count { return }
        }
    }

    /// Turns the bytes of each element round.
    private static func swap(_ bytes: UnsafeMutableRawBufferPointer, _ size: Int) {
        for start in Swift.stride(from: 0, to: bytes.count, by: size) {
            for index in 0..<size / 2 { bytes.swapAt(start + index, start + size - 1 - index) }
        }
    }
}

/// How rows of one shape become rows of another without moving an element: equal shapes, shapes that differ in extents of 1,
/// and flat rows. `[28, 28, 3]` for `[3, 28, 28]` is none of these.
struct ShapeFit {
    /// The shape that the rows get.
    let shape: [Int]

    init?(of shape: [Int], to wanted: [Int?]) {
        if shape.count == wanted.count, zip(shape, wanted).allSatisfy({ $1 == nil || $0 == $1 }) {
            self.shape = shape
            return
        }
        let known = wanted.compactMap { $0 }
        guard known.count == wanted.count, (try? Checked.count(known)) == (try? Checked.count(shape)),
            known.filter({ $0 != 1 }) == shape.filter({ $0 != 1 }) || known.count == 1 || shape.count == 1
        else { return nil }
        self.shape = known
    }
}
