import DLCTensor

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Holds a folder for one process at a time, until the object or the process goes.
package final class FolderLock {
    private let descriptor: Int32

    /// - Throws: where another process holds the folder, or it cannot be written.
    package init(_ folder: String) throws {
        descriptor = open("\(folder)/.lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw DLCError("cannot be written: \(String(cString: strerror(errno)))", at: [folder]) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw DLCError("another process trains in this folder", at: [folder])
        }
    }

    deinit { close(descriptor) }
}
