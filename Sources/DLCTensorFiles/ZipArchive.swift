import CZlib
import DLCSafetensors
import DLCTensor

/// The files of a zip archive, stored or deflated (PKWARE, APPNOTE.TXT 6.3.10), without encryption. Archives of any size are read
/// (zip64, section 4.3.14), those below 4 GiB written.
struct ZipArchive {
    struct Entry {
        var name: String
        var bytes: [UInt8]
    }

    var entries: [Entry] = []

    init(entries: [Entry]) { self.entries = entries }

    /// What the directory says of a file.
    struct Record {
        var name: String
        /// 0: stored, 8: deflated.
        var method: Int
        var checksum: Int
        var compressedCount: Int
        var count: Int
        /// Where its local header begins.
        var local: Int

        /// The bytes as stored.
        /// - Throws: where the local header is damaged or the bytes are not all there.
        func range<Bytes: RandomAccessCollection>(in file: Bytes) throws -> Range<Int> where Bytes.Element == UInt8, Bytes.Index == Int {
            let data = try ZipArchive.data(in: file, at: local, count: compressedCount)
            return data.startIndex..<data.endIndex
        }

        /// The bytes, inflated and held to the checksum.
        func contents<Bytes: RandomAccessCollection>(in file: Bytes) throws -> [UInt8] where Bytes.Element == UInt8, Bytes.Index == Int {
            let data = try ZipArchive.data(in: file, at: local, count: compressedCount)
            return try ZipArchive.inflated(Array(data), method: method, count: count, checksum: checksum)
        }
    }

    /// Calls `body` with one file after the other, so that the bytes of one at a time are in memory.
    /// - Throws: where the archive is damaged or an entry's checksum is not that of its bytes.
    static func forEach<Bytes: RandomAccessCollection>(
        in file: Bytes, _ body: (Entry) throws -> Void
    ) throws where Bytes.Element == UInt8, Bytes.Index == Int {
        for record in try records(in: file) {
            let bytes = try located(record.name) { try record.contents(in: file) }
            try body(Entry(name: record.name, bytes: bytes))
        }
    }

    /// The directory.
    static func records<Bytes: RandomAccessCollection>(
        in file: Bytes
    ) throws -> [Record] where Bytes.Element == UInt8, Bytes.Index == Int {
        let end = try Self.endOfDirectory(in: file)
        var position = end.start
        var taken = 0
        var records: [Record] = []
        for _ in 0..<end.count {
            guard file.integer(at: position, size: 4) == 0x0201_4B50,
                let method = file.integer(at: position + 10, size: 2),
                let checksum = file.integer(at: position + 16, size: 4),
                let compressedCount = file.integer(at: position + 20, size: 4),
                let count = file.integer(at: position + 24, size: 4),
                let nameCount = file.integer(at: position + 28, size: 2),
                let extraCount = file.integer(at: position + 30, size: 2),
                let commentCount = file.integer(at: position + 32, size: 2),
                let local = file.integer(at: position + 42, size: 4),
                let name = file.part(at: position + 46, length: nameCount)
            else { throw DLCError("the zip directory is damaged at byte \(position)") }
            let sizes = try Zip64Extra(
                file.part(at: position + 46 + nameCount, length: extraCount), count: count, compressedCount: compressedCount, local: local)
            // Entries over the same bytes would multiply the file's size.
            taken = try Checked.add(taken, sizes.compressedCount)
            guard taken <= file.count else { throw DLCError("the zip entries overlap") }
            records.append(
                Record(
                    name: String(decoding: name, as: UTF8.self), method: method, checksum: checksum,
                    compressedCount: sizes.compressedCount, count: sizes.count, local: sizes.local))
            position += 46 + nameCount + extraCount + commentCount
        }
        return records
    }

    /// The archive with every entry stored.
    func bytes() throws -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let local = file.count
            let name = Array(entry.name.utf8)
            guard file.count + entry.bytes.count < 0xFFFF_0000, name.count <= 0xFFFF, entries.count < 0xFFFF else {
                throw DLCError("\(entry.name): a zip archive below 4 GiB and 65,535 entries is full")
            }
            var common: [UInt8] = []
            common.append(20, size: 2)  // version needed
            common.append(0x0800, size: 2)  // names are UTF-8
            common.append(0, size: 2)  // stored
            common.append(0x0021_0000, size: 4)  // 1 January 1980: the same archive for the same tensors
            common.append(Self.checksum(of: entry.bytes), size: 4)
            common.append(entry.bytes.count, size: 4)
            common.append(entry.bytes.count, size: 4)
            common.append(name.count, size: 2)
            common.append(0, size: 2)
            file.append(0x0403_4B50, size: 4)
            file += common + name + entry.bytes
            directory.append(0x0201_4B50, size: 4)
            directory.append(20, size: 2)
            directory += common
            directory += [UInt8](repeating: 0, count: 10)
            directory.append(local, size: 4)
            directory += name
        }
        let start = file.count
        file += directory
        file.append(0x0605_4B50, size: 4)
        file.append(0, size: 4)
        file.append(entries.count, size: 2)
        file.append(entries.count, size: 2)
        file.append(directory.count, size: 4)
        file.append(start, size: 4)
        file.append(0, size: 2)
        return file
    }

    /// The directory's first byte and number of entries, from the record at the end, which a comment may follow.
    private static func endOfDirectory<Bytes: RandomAccessCollection>(
        in file: Bytes
    ) throws -> (start: Int, count: Int) where Bytes.Element == UInt8, Bytes.Index == Int {
        var position = file.count - 22
        while position >= max(0, file.count - 22 - 0xFFFF) {
            if file.integer(at: position, size: 4) == 0x0605_4B50,
                let count = file.integer(at: position + 10, size: 2),
                let start = file.integer(at: position + 16, size: 4)
            {
                if count < 0xFFFF, start < 0xFFFF_FFFF { return (start, count) }
                // The record of 64-bit numbers, which a locator right in front of this one points to.
                guard file.integer(at: position - 20, size: 4) == 0x0706_4B50, let wide = file.integer(at: position - 12, size: 8),
                    file.integer(at: wide, size: 4) == 0x0606_4B50, let wideCount = file.integer(at: try Checked.add(wide, 32), size: 8),
                    let wideStart = file.integer(at: try Checked.add(wide, 48), size: 8), wideCount <= file.count / 46
                else { throw DLCError("the zip64 directory is damaged") }
                return (wideStart, wideCount)
            }
            position -= 1
        }
        throw DLCError("is no zip archive: it has no directory at its end")
    }

    /// The bytes of an entry as stored; its local header may have longer extra fields than the directory's.
    private static func data<Bytes: RandomAccessCollection>(
        in file: Bytes, at local: Int, count: Int
    ) throws -> Bytes.SubSequence where Bytes.Element == UInt8, Bytes.Index == Int {
        guard file.integer(at: local, size: 4) == 0x0403_4B50,
            let flags = file.integer(at: local + 6, size: 2),
            let nameCount = file.integer(at: local + 26, size: 2),
            let extraCount = file.integer(at: local + 28, size: 2),
            let data = file.part(at: local + 30 + nameCount + extraCount, length: count)
        else { throw DLCError("the zip entry is damaged or truncated") }
        guard flags & 1 == 0 else { throw DLCError("the zip entry is encrypted") }
        return data
    }

    private static func inflated(_ data: [UInt8], method: Int, count: Int, checksum: Int) throws -> [UInt8] {
        let bytes: [UInt8]
        switch method {
        case 0: bytes = data
        case 8:
            // Deflate shrinks to 1/1032 at best, so a larger claim is false, and not worth its memory.
            guard count / 1032 <= data.count else { throw DLCError("the zip entry claims \(count) bytes from \(data.count)") }
            bytes = try inflate(data, count: count)
        default: throw DLCError("the zip entry is compressed by method \(method); 0 (stored) and 8 (deflate) are read")
        }
        guard bytes.count == count, Self.checksum(of: bytes) == checksum else {
            throw DLCError("the zip entry's size or checksum is not that of its bytes")
        }
        return bytes
    }

    private static func inflate(_ data: [UInt8], count: Int) throws -> [UInt8] {
        var data = data
        return try [UInt8](unsafeUninitializedCapacity: max(count, 1)) { target, written in
            var stream = z_stream()
            let rawDeflate: Int32 = -15
            guard inflateInit2_(&stream, rawDeflate, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
                throw DLCError("zlib does not start")
            }
            defer { inflateEnd(&stream) }
            let status = data.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(clamping: source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(clamping: count)
                return CZlib.inflate(&stream, Z_FINISH)
            }
            guard status == Z_STREAM_END else { throw DLCError("the zip entry's deflated bytes are damaged") }
            written = Int(stream.total_out)
        }
    }

    private static func checksum(of bytes: [UInt8]) -> Int {
        bytes.withUnsafeBufferPointer { Int(crc32_z(0, $0.baseAddress, $0.count)) }
    }
}

/// The 64-bit numbers of an entry, in the place of those that are all ones in the directory (section 4.5.3).
private struct Zip64Extra {
    private(set) var count: Int
    private(set) var compressedCount: Int
    private(set) var local: Int

    init<Extra: RandomAccessCollection>(
        _ extra: Extra?, count: Int, compressedCount: Int, local: Int
    ) throws where Extra.Element == UInt8, Extra.Index == Int {
        (self.count, self.compressedCount, self.local) = (count, compressedCount, local)
        guard [count, compressedCount, local].contains(0xFFFF_FFFF) else { return }
        guard let extra else { throw DLCError("the zip directory is truncated") }
        var position = 0
        while let tag = extra.integer(at: position, size: 2), let size = extra.integer(at: position + 2, size: 2) {
            guard tag == 1 else {
                position += 4 + size
                continue
            }
            position += 4
            func next(_ number: Int) throws -> Int {
                guard number == 0xFFFF_FFFF else { return number }
                guard let wide = extra.integer(at: position, size: 8) else { throw DLCError("the zip64 entry lacks a number") }
                position += 8
                return wide
            }
            self.count = try next(count)
            self.compressedCount = try next(compressedCount)
            self.local = try next(local)
            return
        }
        throw DLCError("the zip entry has no 64-bit numbers")
    }
}
