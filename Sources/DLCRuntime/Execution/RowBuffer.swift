import CKernels
import DLCTensor

/// The rows that a loop stacks, one after another in memory that grows.
final class RowBuffer: @unchecked Sendable {
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private var used = 0
    private var count = 0
    private var row: (type: ElementType, shape: [Int])?
    /// Keep the strings of the rows.
    private var strings: [Tensor] = []

    deinit { dlc_free(base) }

    func clear() { (used, count, row, strings) = (0, 0, nil, []) }

    /// - Parameter limit: how many rows there are at most.
    /// - Throws: where the row has another type or shape than those before, or there is not enough memory.
    func append(_ value: Tensor, of limit: Int) throws {
        if let row {
            guard row.type == value.type, row.shape == value.shape else {
                throw DLCError("a stacked row is \(value.type)\(value.shape) after rows of \(row.type)\(row.shape)")
            }
        } else {
            row = (value.type, value.shape)
        }
        let bytes = value.byteCount
        let needed = try Checked.add(used, bytes)
        if needed > capacity {
            // All of it where it is known and small, else twice what there is.
            let all = limit < 1 << 20 ? try Checked.multiply(limit, bytes) : 0
            let size = max(needed, all < 1 << 28 ? all : 0, capacity * 2)
            guard let larger = dlc_allocate_arena(Int64(size)) else { throw DLCError("out of memory: \(size) bytes of stacked rows") }
            if let base { larger.copyMemory(from: base, byteCount: used) }
            dlc_free(base)
            (base, capacity) = (larger, size)
        }
        value.withUnsafeBytes { source in
            if let start = source.baseAddress, bytes > 0 { base?.advanced(by: used).copyMemory(from: start, byteCount: bytes) }
        }
        if value.type == .string { strings.append(try value.copied()) }
        (used, count) = (needed, count + 1)
    }

    /// All rows as one tensor.
    /// - Parameters:
    ///   - last: one that was made before, for where it says the same.
    ///   - shape: of a row, for where there is none.
    func stacked(_ type: ElementType, last: Tensor?, shape: () throws -> [Int]) throws -> Tensor {
        guard let row else { return try Tensor(type: type, shape: [0] + shape()) { _ in } }
        if let last, last.type == row.type, last.owner === self, last.identity == UInt(bitPattern: base), last.shape.first == count,
            last.shape.dropFirst().elementsEqual(row.shape)
        { return last }
        return try Tensor(type: row.type, shape: [count] + row.shape, bytes: UnsafeRawBufferPointer(start: base, count: used), owner: self)
    }
}

/// A loop's rows from run to run: the same memory and the same tensor where nobody holds what the last run has left.
struct Rows {
    private var buffer = RowBuffer()
    private var last: Tensor?

    mutating func begin() {
        if last != nil, last?.isUnshared() != true { (buffer, last) = (RowBuffer(), nil) }
        buffer.clear()
    }

    func append(_ value: Tensor, of limit: Int) throws { try buffer.append(value, of: limit) }

    mutating func stacked(_ type: ElementType, shape: () throws -> [Int]) throws -> Tensor {
        let tensor = try buffer.stacked(type, last: last, shape: shape)
        last = tensor
        return tensor
    }
}
