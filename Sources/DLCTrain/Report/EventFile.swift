import DLCTensor

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file of events that TensorBoard shows: records of TensorFlow's `TFRecord` format, each an `Event` message.
///
/// A run that goes on writes a further file into the same folder and says where it begins, so that TensorBoard forgets what
/// the run before had written from that step on. Records are only ever appended; of a file whose writer was killed all
/// complete records are read.
public final class EventFile {
    private static let prefix = "events.out.tfevents."

    public let path: String
    private var file: UnsafeMutablePointer<FILE>?

    /// Makes a new file in a folder that exists.
    /// - Parameter step: the first step whose events follow, where the run goes on from an earlier one.
    /// - Throws: where the folder cannot be read or written.
    public init(folder: String, resumingAt step: Int? = nil) throws {
        (path, file) = try Self.create(in: folder)
        try append(EventMessage(wallTime: Self.now, content: .fileVersion))
        if let step { try append(EventMessage(wallTime: Self.now, step: step, content: .start)) }
        try flush()
    }

    /// A number at a step. What is no number or infinite is shown as such.
    /// - Parameter wallTime: seconds since 1970; now where left out.
    public func scalar(_ tag: String, _ value: Double, step: Int, wallTime: Double? = nil) throws {
        try scalars([(tag, value)], step: step, wallTime: wallTime)
    }

    /// Several numbers at one step, in one record.
    public func scalars(_ values: [(tag: String, value: Double)], step: Int, wallTime: Double? = nil) throws {
        try append(EventMessage(wallTime: wallTime ?? Self.now, step: step, content: .scalars(values)))
    }

    /// A picture at a step.
    public func image(_ tag: String, _ picture: Raster, step: Int, wallTime: Double? = nil) throws {
        let content = try EventMessage.Content.image(
            tag: tag, height: picture.height, width: picture.width, channels: picture.channels, png: picture.png())
        try append(EventMessage(wallTime: wallTime ?? Self.now, step: step, content: content))
    }

    /// Hands all that was written to the system, where readers see it.
    public func flush() throws {
        guard let file, fflush(file) == 0 else { throw failure() }
    }

    /// To be called after the last event; further ones throw.
    public func close() throws {
        guard let open = file else { return }
        file = nil
        guard fclose(open) == 0 else { throw failure() }
    }

    deinit {
        if let file { fclose(file) }
    }

    private func append(_ event: EventMessage) throws {
        guard let file else { throw DLCError("the event file is closed", at: [path]) }
        let record = Self.record(event.bytes)
        guard fwrite(record, 1, record.count, file) == record.count else { throw failure() }
    }

    /// Length, its checksum, the data, their checksum.
    static func record(_ data: [UInt8]) -> [UInt8] {
        func bytes(_ value: UInt64, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) } }
        let length = bytes(UInt64(data.count), 8)
        return length + bytes(UInt64(CRC32C.masked(of: length)), 4) + data + bytes(UInt64(CRC32C.masked(of: data)), 4)
    }

    /// TensorBoard reads the files of a folder in the order of their names, each to its end before the next: a new file has a
    /// later name than all that are there, whatever the clock says.
    private static func create(in folder: String) throws -> (String, UnsafeMutablePointer<FILE>) {
        let taken = try seconds(in: folder)
        var second = max(Int(now), taken.max().map { $0 + 1 } ?? 0)
        while true {
            let digits = String(second)
            let path = "\(folder)/\(prefix)\(String(repeating: "0", count: max(0, 10 - digits.count)))\(digits).dlc"
            if let file = fopen(path, "wxb") { return (path, file) }
            guard errno == EEXIST else { throw DLCError("cannot be written: \(String(cString: strerror(errno)))", at: [path]) }
            second += 1
        }
    }

    /// The seconds in the names of the event files that are there.
    private static func seconds(in folder: String) throws -> [Int] {
        guard let directory = opendir(folder) else { throw DLCError("cannot be read: \(String(cString: strerror(errno)))", at: [folder]) }
        defer { closedir(directory) }
        var result: [Int] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            // Names of other writers may hold anything; what is no time of this era is left to itself.
            if name.hasPrefix(prefix), let second = Int(name.dropFirst(prefix.count).prefix { $0 != "." }), second < 10_000_000_000 - 1 {
                result.append(second)
            }
        }
        return result
    }

    private func failure() -> DLCError { DLCError("cannot be written: \(String(cString: strerror(errno)))", at: [path]) }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
