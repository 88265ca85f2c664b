import CKernels

/// The memory of a session's intermediate results, for all shapes it is bound to: what one run leaves, the next writes over.
final class Arena {
    private(set) var base: UnsafeMutableRawPointer?
    /// Bytes that fit.
    private(set) var capacity = 0
    private var prefault: Prefault?

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
            self.base = base
            capacity = size
            self.prefault = prefault(UnsafeRawBufferPointer(start: base, count: bytes))
            return base
        }
        throw DLCError("out of memory: the arena needs \(bytes) bytes")
    }

    private func release() {
        prefault?.finish()
        prefault = nil
        dlc_free(base)
        base = nil
        capacity = 0
    }
}
