import DLCTensor

/// The header of a safetensors file, such as
/// `{"__metadata__":{"format":"pt"},"fc.bias":{"dtype":"F32","shape":[10],"data_offsets":[0,40]}}`.
struct SafetensorsHeader {
    struct Record {
        var entry: Safetensors.Entry
        /// The bytes, counted from the end of the header.
        var offsets: Range<Int>
    }

    static let metadataKey = "__metadata__"

    private static let types: [(name: String, type: ElementType)] = [
        ("F64", .float64), ("F32", .float32), ("F16", .float16), ("BF16", .bfloat16),
        ("I64", .int64), ("I32", .int32), ("I16", .int16), ("I8", .int8),
        ("U64", .uint64), ("U32", .uint32), ("U16", .uint16), ("U8", .uint8), ("BOOL", .bool),
    ]

    var records: [Record] = []
    var metadata: [String: String] = [:]

    /// The header of tensors that lie in this order without gaps.
    init(_ entries: [Safetensors.Entry], metadata: [String: String]) throws {
        self.metadata = metadata
        var start = 0
        for entry in entries {
            let end = try Checked.add(start, Checked.multiply(Checked.count(entry.shape), entry.type.size))
            records.append(Record(entry: entry, offsets: start..<end))
            start = end
        }
    }

    /// - Throws: for anything but one JSON object of the form above.
    init(parsing bytes: [UInt8]) throws {
        var json = JSONScanner(bytes)
        var names = Set<String>()
        try json.object { json, key in
            guard names.insert(key).inserted else { throw DLCError("has two entries named \(key.printable())") }
            if key == Self.metadataKey {
                try json.object { json, key in metadata[key] = try json.string() }
            } else {
                try records.append(located(key.printable()) { try Self.record(key, &json) })
            }
        }
        try json.end()
    }

    private static func record(_ name: String, _ json: inout JSONScanner) throws -> Record {
        var (type, shape, offsets) = (ElementType?.none, [Int]?.none, [Int]?.none)
        try json.object { json, key in
            switch key {
            case "dtype" where type == nil:
                let written = try json.string()
                guard let known = types.first(where: { $0.name == written }) else {
                    let all = types.map(\.name).joined(separator: " ")
                    throw DLCError("has the type \(written.printable()); expected one of \(all)")
                }
                type = known.type
            case "shape" where shape == nil: shape = try json.integers(most: 64)
            case "data_offsets" where offsets == nil: offsets = try json.integers(most: 2)
            default: throw DLCError("has the key \(key.printable()), unknown or a second time; expected dtype, shape and data_offsets")
            }
        }
        guard let type, let shape, let offsets else { throw DLCError("lacks one of dtype, shape and data_offsets") }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw DLCError("has the data_offsets \(offsets); expected where it begins and where it ends")
        }
        return Record(entry: .init(name: name, type: type, shape: shape), offsets: offsets[0]..<offsets[1])
    }

    /// The JSON, filled up with spaces so that the data begins at a multiple of eight bytes.
    func bytes() throws -> [UInt8] {
        var parts: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
            parts.append("\"\(Self.metadataKey)\":{\(texts.joined(separator: ","))}")
        }
        for record in records {
            guard let type = Self.types.first(where: { $0.type == record.entry.type })?.name else {
                throw DLCError("safetensors has no type for \(record.entry.type)")
            }
            let shape = record.entry.shape.map(String.init).joined(separator: ",")
            let offsets = "\(record.offsets.lowerBound),\(record.offsets.upperBound)"
            parts.append("\(Self.quoted(record.entry.name)):{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offsets)]}")
        }
        var bytes = Array("{\(parts.joined(separator: ","))}".utf8)
        bytes += [UInt8](repeating: UInt8(ascii: " "), count: (8 - bytes.count % 8) % 8)
        guard bytes.count <= Safetensors.headerLimit else { throw DLCError("\(records.count) names do not fit a safetensors header") }
        return bytes
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 32: result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
