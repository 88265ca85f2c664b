import CZlib
import DLCTensor

extension DataFile {
    /// A file, decompressed (RFC 1952, any number of members) where its first bytes are gzip's: into a temporary file without
    /// a name, so that any place of it can be read and memory is bounded.
    /// - Throws: where it cannot be opened, or is damaged or truncated.
    static func opened(_ path: String) throws -> DataFile {
        let file = try DataFile(path)
        guard try file.bytes(at: 0, count: 2) == [0x1F, 0x8B] else { return file }
        let target = try TemporaryFile(for: path)
        try inflate(file, into: target)
        return try target.finished()
    }

    private static func inflate(_ file: DataFile, into target: TemporaryFile) throws {
        var stream = z_stream()
        let gzip: Int32 = 15 + 16
        guard inflateInit2_(&stream, gzip, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw DLCError("zlib does not start", at: [file.path])
        }
        defer { inflateEnd(&stream) }
        let step = 1 << 18
        var output = [UInt8](repeating: 0, count: step)
        var position = 0
        var status = Z_OK
        while position < file.size || status == Z_OK {
            var input = try file.bytes(at: position, count: step)
            if status == Z_STREAM_END {
                // A further member, or zeros that fill up a block of a tape.
                if input.allSatisfy({ $0 == 0 }) {
                    position += input.count
                    continue
                }
                guard inflateReset(&stream) == Z_OK else { throw DLCError("zlib does not start", at: [file.path]) }
            }
            guard !input.isEmpty else { throw DLCError("is truncated: its gzip data do not end", at: [file.path]) }
            let given = input.count
            let left = try input.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(given)
                repeat {
                    let got = try output.withUnsafeMutableBufferPointer { output in
                        stream.next_out = output.baseAddress
                        stream.avail_out = UInt32(step)
                        status = CZlib.inflate(&stream, Z_NO_FLUSH)
                        guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                            throw DLCError("is damaged: its gzip data end at byte \(target.size) of what they hold", at: [file.path])
                        }
                        return step - Int(stream.avail_out)
                    }
                    try output.withUnsafeBytes { try target.append(UnsafeRawBufferPointer(rebasing: $0[..<got])) }
                } while stream.avail_out == 0 && status != Z_STREAM_END
                return Int(stream.avail_in)
            }
            if status == Z_BUF_ERROR { status = Z_OK }
            position += given - left
        }
    }
}
