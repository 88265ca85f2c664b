import CKernels

/// A dense tensor: an element type, a shape and immutable bytes in row-major order.
public struct Tensor: Sendable {
    public let type: ElementType
    public let shape: [Int]
    /// The number of elements.
    public let count: Int
    private(set) var storage: TensorStorage

    /// A tensor whose bytes `body` fills; they are zero before. Where it is to hold strings, the bytes are copies of other such tensors'.
    /// - Throws: where the shape has a negative extent or its product overflows, or what `body` throws.
    public init(type: ElementType, shape: [Int], _ body: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
        let count = try Checked.count(shape)
        let storage = try TensorStorage(byteCount: Checked.multiply(count, type.size))
        try body(UnsafeMutableRawBufferPointer(start: storage.base, count: storage.byteCount))
        if type == .string { try storage.holdStrings() }
        self.init(type: type, shape: shape, count: count, storage: storage)
    }

    /// A tensor over bytes that `owner` keeps alive and nobody changes. Strings are not held by it.
    /// - Throws: where the bytes are fewer than the shape needs.
    public init(type: ElementType, shape: [Int], bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) throws {
        let count = try Checked.count(shape)
        let needed = try Checked.multiply(count, type.size)
        guard bytes.count >= needed else {
            throw DLCError("\(type)\(shape) needs \(needed) bytes, there are \(bytes.count)")
        }
        if let base = bytes.baseAddress, needed > 0 {
            self.init(
                type: type, shape: shape, count: count,
                storage: TensorStorage(borrowing: base, byteCount: needed, owner: owner))
        } else {
            self.init(type: type, shape: shape, count: count, storage: try TensorStorage(byteCount: 0))
        }
    }

    /// A tensor `bool[0, …]` of no elements that says numbers by its extents. No product is made of them, which data may decide.
    /// - Throws: where one is negative.
    package init(extents: [Int]) throws {
        if let bad = extents.first(where: { $0 < 0 }) { throw DLCError("an extent is \(bad); expected 0 or more") }
        self.init(type: .bool, shape: [0] + extents, count: 0, storage: try TensorStorage(byteCount: 0))
    }

    /// A tensor of the given elements.
    /// - Throws: where their number is not the shape's product.
    public init<T: TensorElement>(_ elements: [T], shape: [Int]) throws {
        let count = try Checked.count(shape)
        guard count == elements.count else {
            throw DLCError("shape \(shape) holds \(count) elements, \(elements.count) are given")
        }
        try self.init(type: T.elementType, shape: shape) { target in
            elements.withUnsafeBytes { target.copyMemory(from: $0) }
        }
    }

    private init(type: ElementType, shape: [Int], count: Int, storage: TensorStorage) {
        self.type = type
        self.shape = shape
        self.count = count
        self.storage = storage
    }

    public var rank: Int { shape.count }
    public var byteCount: Int { count * type.size }

    /// Whether both are views of the same bytes with the same type and shape.
    public func isIdentical(to other: Tensor) -> Bool {
        storage.base == other.storage.base && type == other.type && shape == other.shape
    }

    /// The address of the first byte: equal addresses, types and shapes mean equal tensors.
    public var identity: UInt { UInt(bitPattern: storage.base) }

    /// The same elements under another shape with the same product.
    public func reshaped(_ newShape: [Int]) throws -> Tensor {
        guard try Checked.count(newShape) == count else {
            throw DLCError("\(shape) cannot be reshaped to \(newShape)")
        }
        return Tensor(type: type, shape: newShape, count: count, storage: storage)
    }

    /// The same elements in memory of their own.
    package func copied() throws -> Tensor {
        try Tensor(type: type, shape: shape) { target in withUnsafeBytes { target.copyMemory(from: $0) } }
    }

    /// What keeps the bytes alive where they are borrowed.
    package var owner: AnyObject? { storage.owner }

    /// Whether nobody else holds the bytes.
    package mutating func isUnshared() -> Bool { isKnownUniquelyReferenced(&storage) }

    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withExtendedLifetime(storage) {
            try body(UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount))
        }
    }

    /// Calls `body` with the elements.
    /// - Throws: where the tensor has another element type, or what `body` throws.
    public func withElements<T: TensorElement, R>(of _: T.Type, _ body: (UnsafeBufferPointer<T>) throws -> R) throws -> R {
        guard T.elementType == type else { throw DLCError("the tensor holds \(type), not \(T.elementType)") }
        return try withUnsafeBytes { try body($0.bindMemory(to: T.self)) }
    }

    /// The elements as an array.
    /// - Throws: where the tensor has another element type.
    public func array<T: TensorElement>(of type: T.Type) throws -> [T] {
        try withElements(of: type) { Array($0) }
    }
}

extension Tensor: Equatable {
    /// Equal types, shapes and bytes.
    public static func == (a: Tensor, b: Tensor) -> Bool {
        guard a.type == b.type, a.shape == b.shape else { return false }
        return a.identity == b.identity
            || a.withUnsafeBytes { x in b.withUnsafeBytes { y in x.elementsEqual(y) } }
    }
}

/// Bytes of a tensor: owned and aligned to 64, or borrowed from an owner such as a mapped file.
final class TensorStorage: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    let owner: (any AnyObject & Sendable)?
    /// Whether the bytes are handles of strings that this holds.
    var holdsStrings = false

    init(byteCount: Int) throws {
        guard let base = dlc_allocate_zeroed(Int64(byteCount)) else { throw DLCError("out of memory: \(byteCount) bytes") }
        self.base = base
        self.byteCount = byteCount
        owner = nil
    }

    init(borrowing base: UnsafeRawPointer, byteCount: Int, owner: any AnyObject & Sendable) {
        self.base = UnsafeMutableRawPointer(mutating: base)
        self.byteCount = byteCount
        self.owner = owner
    }

    deinit {
        releaseStrings()
        if owner == nil { dlc_free(base) }
    }
}
