import CKernels

/// The memory of a session's intermediate results, for all shapes it is bound to: what one run leaves, the next writes over.
final class Arena {
    /// What holds the memory; whoever keeps a view of it keeps this.
    private(set) var memory: Memory?
    var base: UnsafeMutableRawPointer? { memory?.base }
    /// Bytes that fit.
    private(set) var capacity = 0
    /// How many blocks of a schedule lie around the steps that work in it.
    var depth = 0
    private var prefault: Prefault?

    /// Memory that is given back when nobody holds it. Only runs of its session write to it.
    final class Memory: @unchecked Sendable {
        let base: UnsafeMutableRawPointer
        let depth: Int

        init(_ base: UnsafeMutableRawPointer, depth: Int) { (self.base, self.depth) = (base, depth) }
        deinit { dlc_free(base) }
    }

    deinit { release() }

    /// Makes room. What was there is lost where that takes other memory, which is half as large again as the last, so that a
    /// sequence of ever larger shapes seldom asks for it.
    /// - Parameters:
    ///   - prefault: has memory that is new mapped by a thread of its own.
    /// - Throws: where there is not enough memory.
    func reserve(_ bytes: Int, _ prefault: (UnsafeRawBufferPointer) -> Prefault) throws -> UnsafeMutableRawPointer {
        if let base, bytes <= capacity { return base }
        let generous = capacity == 0 ? bytes : max(bytes, capacity + capacity / 2)
        release()
        for size in generous == bytes ? [bytes] : [generous, bytes] {
            guard let base = dlc_allocate_arena(Int64(size)) else { continue }
            memory = Memory(base, depth: depth)
            capacity = size
            self.prefault = prefault(UnsafeRawBufferPointer(start: base, count: bytes))
            return base
        }
        throw DLCError("out of memory: the arena needs \(bytes) bytes")
    }

    private func release() {
        prefault?.finish()
        prefault = nil
        memory = nil
        capacity = 0
    }
}
