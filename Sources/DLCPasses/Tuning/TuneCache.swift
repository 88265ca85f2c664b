import DLCRuntime
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file of measured times that builds share.
///
/// Text: a first line that names the format, then one line per time, `key<TAB>seconds`. Keys begin with the processor and
/// the version of the kernels, so that a file may hold times of several machines. Writers take a lock on a file beside
/// it, merge with what others wrote meanwhile, and replace the file by renaming.
public final class TuneCache: Sendable {
    static let firstLine = "times measured by dlc build --tune, format 1"
    /// A file larger than this is not one of ours.
    static let mostBytes = 64 << 20

    let path: String
    private let state: Mutex<[String: Double]>

    /// Seconds by key.
    var times: [String: Double] { state.withLock { $0 } }

    /// Reads the file, which need not exist yet; its folder is made.
    /// - Throws: where the file is damaged or of another program, or where its folder cannot be written.
    public init(path: String) throws {
        self.path = path
        state = Mutex([:])
        try makeParents()
        let times = try withFileLock { try read() }
        state.withLock { $0 = times }
    }

    /// Adds times and writes the file; of two times for one key the shorter, which was less disturbed, stays.
    /// - Throws: where it cannot be written, or was damaged meanwhile.
    func add(_ times: [String: Double]) throws {
        try withFileLock {
            let merged = try read().merging(times, uniquingKeysWith: min)
            try write(merged)
            state.withLock { $0 = merged }
        }
    }

    /// Adds times in place of older ones with their keys, and writes the file.
    /// - Throws: where it cannot be written, or was damaged meanwhile.
    func replace(_ times: [String: Double]) throws {
        try withFileLock {
            let merged = try read().merging(times) { $1 }
            try write(merged)
            state.withLock { $0 = merged }
        }
    }

    // MARK: Text

    static func text(_ times: [String: Double]) -> String {
        ([firstLine] + times.keys.sorted().map { "\($0)\t\(times[$0] ?? 0)" }).joined(separator: "\n") + "\n"
    }

    /// - Throws: naming the line where the text is no cache.
    static func parse(_ text: String) throws -> [String: Double] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst().map(String.init) == firstLine, lines.popLast() == "" else {
            throw DLCError("is no complete cache of dlc build --tune; remove it, or name another with --tune-cache")
        }
        var times: [String: Double] = [:]
        for (number, line) in lines.enumerated() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count == 2, !fields[0].isEmpty, let seconds = Double(fields[1]), seconds > 0, seconds.isFinite else {
                throw DLCError("line \(number + 2) is damaged; remove the file, or name another with --tune-cache")
            }
            times[String(fields[0])] = seconds
        }
        return times
    }

    // MARK: Files

    private func read() throws -> [String: Double] {
        guard access(path, F_OK) == 0 else { return [:] }
        return try located(path) {
            let file = try MappedFile(path: path)
            guard file.bytes.count <= Self.mostBytes else { throw DLCError("is too large for a cache of dlc build --tune") }
            return try Self.parse(String(decoding: file.bytes, as: UTF8.self))
        }
    }

    private func write(_ times: [String: Double]) throws {
        let temporary = "\(path).partial"
        guard let file = fopen(temporary, "wb") else { throw failure() }
        let bytes = Array(Self.text(times).utf8)
        let written = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        guard fclose(file) == 0, written == bytes.count, rename(temporary, path) == 0 else {
            let error = failure()
            unlink(temporary)
            throw error
        }
    }

    private func withFileLock<R>(_ body: () throws -> R) throws -> R {
        let descriptor = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure() }
        }
        return try body()
    }

    private func makeParents() throws {
        for index in path.indices where path[index] == "/" && index != path.startIndex {
            let folder = String(path[..<index])
            if access(folder, F_OK) != 0, mkdir(folder, 0o777) != 0, errno != EEXIST { throw failure() }
        }
    }

    private func failure() -> DLCError { DLCError("cannot write: \(String(cString: strerror(errno)))", at: [path]) }
}
