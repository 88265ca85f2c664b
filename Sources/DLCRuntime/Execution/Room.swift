import CKernels
import DLCTensor

/// Memory for one value from round to round of a loop: two places that take turns, and more where others hold what is in them.
///
/// A place is free when nobody but the room holds its tensor, so what a sequence, a slot or a caller keeps is never written over.
struct Room {
    private struct Place {
        var memory: RoomMemory
        var tensor: Tensor
    }

    private var places: [Place] = []
    /// The place that was made ready last.
    private var last = 0

    /// Those that others hold for good are forgotten beyond so many.
    private static let most = 4

    /// Makes a place ready to be written.
    /// - Throws: where there is not enough memory.
    mutating func ready(_ type: ElementType, _ shape: [Int]) throws -> UnsafeMutableRawPointer {
        for index in places.indices where places[index].tensor.isUnshared() {
            if places[index].tensor.type != type || places[index].tensor.shape != shape {
                let bytes = try Checked.multiply(Checked.count(shape), type.size)
                var memory = places[index].memory
                if bytes > memory.capacity { memory = try RoomMemory(max(bytes, memory.capacity + memory.capacity / 2)) }
                places[index] = Place(memory: memory, tensor: try memory.tensor(type, shape))
            }
            last = index
            return places[index].memory.base
        }
        if places.count >= Self.most { places.removeFirst() }
        let memory = try RoomMemory(Checked.multiply(Checked.count(shape), type.size))
        places.append(Place(memory: memory, tensor: try memory.tensor(type, shape)))
        last = places.count - 1
        return memory.base
    }

    /// What was written where `ready` said.
    var tensor: Tensor { places[last].tensor }

    mutating func copy(of value: Tensor) throws -> Tensor {
        if value.type == .string { return try value.copied() }
        let target = try ready(value.type, value.shape)
        value.withUnsafeBytes { source in
            if let start = source.baseAddress, source.count > 0 { target.copyMemory(from: start, byteCount: source.count) }
        }
        return tensor
    }

    mutating func scalar<T: TensorElement>(_ number: T) throws -> Tensor {
        try ready(T.elementType, []).storeBytes(of: number, as: T.self)
        return tensor
    }
}

/// Bytes that tensors of a room are views of. They are not written while any of these is held.
final class RoomMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let capacity: Int

    init(_ bytes: Int) throws {
        guard let base = dlc_allocate_arena(Int64(max(bytes, 64))) else {
            throw DLCError("out of memory: \(bytes) bytes that a loop carries")
        }
        (self.base, capacity) = (base, max(bytes, 64))
    }

    deinit { dlc_free(base) }

    func tensor(_ type: ElementType, _ shape: [Int]) throws -> Tensor {
        try Tensor(type: type, shape: shape, bytes: UnsafeRawBufferPointer(start: base, count: capacity), owner: self)
    }
}
