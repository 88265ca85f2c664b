import DLCTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whole files in and out, with the system's reason where that fails.
package enum FileBytes {
    package static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw failure("cannot be read") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var step = 1 << 20
        if fseeko(file, 0, SEEK_END) == 0 {
            // A directory claims Int.max.
            let size = min(max(0, Int(ftello(file))), 1 << 30)
            bytes.reserveCapacity(size)
            // A small file is read at once, with the end behind it.
            step = min(step, max(size + 1, 1 << 12))
            rewind(file)
        }
        while true {
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: step))
            let got = bytes.withUnsafeMutableBytes { fread($0.baseAddress.map { $0 + start }, 1, step, file) }
            bytes.removeLast(step - got)
            if got < step { break }
        }
        if ferror(file) != 0 { throw failure("cannot be read") }
        return bytes
    }

    package static func write(_ bytes: [UInt8], to path: String) throws {
        let writer = try FileWriter(path: path)
        try writer.append(bytes)
        try writer.close()
    }

    fileprivate static func failure(_ what: String) -> DLCError {
        DLCError("\(what): \(String(cString: strerror(errno)))")
    }
}

/// A file that is written from its beginning to its end. It has another name until it is complete, because its bytes may
/// come from the very file that it replaces.
package final class FileWriter {
    private let path: String
    private var file: UnsafeMutablePointer<FILE>?
    private var partPath: String { path + ".part" }

    package init(path: String) throws {
        self.path = path
        file = fopen(path + ".part", "wb")
        if file == nil { throw FileBytes.failure("cannot be written") }
    }

    package func append(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try append($0) } }

    package func append(_ bytes: UnsafeRawBufferPointer) throws {
        guard let file, fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count else {
            throw FileBytes.failure("cannot be written")
        }
    }

    /// To be called after the last byte: puts the file in its place.
    package func close() throws {
        guard let open = file, fflush(open) == 0, rename(partPath, path) == 0 else { throw FileBytes.failure("cannot be written") }
        file = nil
        guard fclose(open) == 0 else { throw FileBytes.failure("cannot be written") }
    }

    deinit {
        if let file {
            fclose(file)
            unlink(partPath)
        }
    }
}

/// Little-endian integers at offsets that come from a file.
extension RandomAccessCollection where Element == UInt8, Index == Int {
    /// The integer of `size` bytes at `offset` from the start, or nil past the end or above `Int.max`.
    package func integer(at offset: Int, size: Int) -> Int? {
        guard offset >= 0, offset <= count - size else { return nil }
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(self[startIndex + offset + index]) << (8 * UInt64(index)) }
        return Int(exactly: value)
    }

    /// `length` bytes at `offset` from the start, or nil where they are not all there.
    package func part(at offset: Int, length: Int) -> SubSequence? {
        guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
        return self[startIndex + offset..<startIndex + offset + length]
    }
}

extension [UInt8] {
    package mutating func append(_ value: Int, size: Int) {
        for index in 0..<size { append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
}
