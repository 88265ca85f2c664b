import DLCTensor

/// A file of named tensors in the safetensors format (section "Format" of github.com/huggingface/safetensors): eight bytes
/// with the length of a header in JSON, the header, and the tensors' bytes without gaps, little-endian, row-major.
///
/// The file is mapped and a tensor lies in it, so that opening costs the header alone and bytes are read when they are used.
public struct Safetensors: Sendable {
    public struct Entry: Sendable, Equatable {
        public var name: String
        public var type: ElementType
        public var shape: [Int]

        public init(name: String, type: ElementType, shape: [Int]) {
            self.name = name
            self.type = type
            self.shape = shape
        }
    }

    /// In the order of the header.
    public let entries: [Entry]
    /// The texts under `__metadata__`.
    public let metadata: [String: String]
    /// Where each entry's bytes lie in the file.
    package let ranges: [Range<Int>]
    private let file: MappedFile

    /// The most bytes of a header, as the format has it.
    static let headerLimit = 100_000_000

    /// - Throws: where the file cannot be read or anything in its header is not as the format says.
    public init(contentsOf path: String) throws {
        self = try located(path) { try Safetensors(MappedFile(path: path)) }
    }

    private init(_ file: MappedFile) throws {
        let bytes = file.bytes
        guard bytes.count >= 8 else {
            throw DLCError(
                bytes.isEmpty ? "is empty" : "is no safetensors file: it has \(bytes.count) bytes, less than the length of a header")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(Self.headerLimit) else {
            throw DLCError("is no safetensors file: the header would have \(length) bytes, at most \(Self.headerLimit) are allowed")
        }
        let start = 8 + Int(length)
        guard start <= bytes.count else {
            throw DLCError("is truncated: the header has \(length) bytes, \(bytes.count - 8) are there")
        }
        let header = try SafetensorsHeader(parsing: Array(bytes[8..<start]))
        try Self.checkRanges(header.records, count: bytes.count - start)
        self.file = file
        entries = header.records.map(\.entry)
        metadata = header.metadata
        ranges = header.records.map { $0.offsets.lowerBound + start..<$0.offsets.upperBound + start }
    }

    /// The tensors must fill the data, each byte in one of them.
    private static func checkRanges(_ records: [SafetensorsHeader.Record], count: Int) throws {
        var end = 0
        var last = ""
        for record in records.sorted(by: { ($0.offsets.lowerBound, $0.offsets.upperBound) < ($1.offsets.lowerBound, $1.offsets.upperBound) }
        ) {
            let (offsets, entry) = (record.offsets, record.entry)
            let name = entry.name.printable()
            let needed = try located(name) { try Checked.multiply(Checked.count(entry.shape), entry.type.size) }
            guard offsets.count == needed else {
                throw DLCError("\(name): \(entry.type)\(entry.shape) needs \(needed) bytes, its offsets hold \(offsets.count)")
            }
            guard offsets.upperBound <= count else {
                throw DLCError("is truncated: \(name) ends at byte \(offsets.upperBound) of the data, which has \(count)")
            }
            guard offsets.lowerBound >= end else { throw DLCError("\(name) and \(last) overlap") }
            guard offsets.lowerBound == end else {
                throw DLCError("bytes \(end) ..< \(offsets.lowerBound) of the data, before \(name), are no tensor's")
            }
            (end, last) = (offsets.upperBound, name)
        }
        guard end == count else { throw DLCError("the tensors end at byte \(end) of the data, which has \(count)") }
    }

    /// The tensor of an entry, over the file's bytes where they are aligned.
    /// - Throws: where a bool is neither 0 nor 1.
    public func tensor(at index: Int) throws -> Tensor {
        let entry = entries[index]
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[ranges[index]])
        if entry.type == .bool, let odd = bytes.first(where: { $0 > 1 }) {
            throw DLCError("has a bool of value \(odd); expected 0 or 1", at: [entry.name.printable()])
        }
        if UInt(bitPattern: bytes.baseAddress) % UInt(entry.type.size) != 0 {
            return try Tensor(type: entry.type, shape: entry.shape) { $0.copyMemory(from: bytes) }
        }
        return try Tensor(type: entry.type, shape: entry.shape, bytes: bytes, owner: file)
    }

    /// Writes tensors one after the other: those of the widest elements first, so that all are aligned, else as given.
    /// - Parameters:
    ///   - metadata: texts for `__metadata__`.
    ///   - tensor: gives the tensor of the entry at an index, of its type and shape.
    public static func write(
        _ entries: [Entry], metadata: [String: String] = [:], to path: String, tensor: (Int) throws -> Tensor
    ) throws {
        let order = entries.indices.sorted { (-entries[$0].type.size, $0) < (-entries[$1].type.size, $1) }
        var taken = Set<String>()
        for entry in entries where entry.name == SafetensorsHeader.metadataKey || !taken.insert(entry.name).inserted {
            throw DLCError("safetensors cannot hold two tensors named \(entry.name.printable())", at: [path])
        }
        let header = try SafetensorsHeader(order.map { entries[$0] }, metadata: metadata).bytes()
        try located(path) {
            let writer = try FileWriter(path: path)
            var length: [UInt8] = []
            length.append(header.count, size: 8)
            try writer.append(length)
            try writer.append(header)
            for index in order {
                let (entry, tensor) = (entries[index], try tensor(index))
                guard tensor.type == entry.type, tensor.shape == entry.shape else {
                    throw DLCError("\(entry.name) is \(tensor.type)\(tensor.shape), announced as \(entry.type)\(entry.shape)")
                }
                try tensor.withUnsafeBytes { try writer.append($0) }
            }
            try writer.close()
        }
    }
}
