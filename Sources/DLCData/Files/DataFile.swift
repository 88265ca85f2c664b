import DLCTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that is read at any place, by any number of threads.
///
/// Nothing is mapped: what is read does not stay in the process, so memory is bounded for files of any size, and a file that
/// another program shortens is an error and no signal.
final class DataFile: Sendable {
    let path: String
    let size: Int
    private let descriptor: Int32

    /// - Throws: where the file cannot be opened or is no regular file.
    init(_ path: String) throws {
        self.path = path
        // A pipe that nobody writes to must not keep the program waiting.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw DLCError("cannot be opened: \(String(cString: strerror(errno)))", at: [path]) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw DLCError("is no regular file", at: [path])
        }
        size = Int(status.st_size)
    }

    /// A file that is open already.
    init(_ path: String, descriptor: Int32, size: Int) {
        (self.path, self.descriptor, self.size) = (path, descriptor, size)
    }

    deinit { close(descriptor) }

    /// Tells the system that reads are at random places, each of all that is wanted there: reading ahead of them would be in vain.
    func expectRandomReads() {
        #if canImport(Darwin)
            _ = fcntl(descriptor, F_RDAHEAD, 0)
        #else
            _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM)
        #endif
    }

    /// Fills `target` with the bytes from `offset` on.
    /// - Throws: where they are not all there.
    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws {
        var done = 0
        while done < target.count {
            let got = pread(descriptor, target.baseAddress.map { $0 + done }, target.count - done, off_t(try Checked.add(offset, done)))
            if got < 0 {
                if errno == EINTR { continue }
                throw DLCError("cannot be read: \(String(cString: strerror(errno)))", at: [path])
            }
            guard got > 0 else {
                throw DLCError("ends at byte \(offset + done), where \(target.count - done) more are expected", at: [path])
            }
            done += got
        }
    }

    /// `count` bytes from `offset` on, fewer where the file ends.
    func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        let count = max(0, min(count, size - offset))
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            try read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
            written = count
        }
    }
}
