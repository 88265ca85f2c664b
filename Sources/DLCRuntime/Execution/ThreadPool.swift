import CKernels

/// The threads that steps compute with. One run uses them at a time.
final class ThreadPool {
    /// Nil where the caller computes alone.
    let handle: OpaquePointer?

    /// - Parameter count: the threads, the caller among them.
    /// - Throws: where they cannot be started.
    init(_ count: Int) throws {
        handle = dlc_threads_create(Int32(count))
        guard count == 1 || handle != nil else { throw DLCError("cannot start \(count) threads") }
    }

    deinit { dlc_threads_destroy(handle) }
}
