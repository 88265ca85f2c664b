#if ONNX
internal import CKernels
internal import CONNX
internal import DLCGraph

/// Turns TensorProto messages into tensors, over the file's bytes where they lie as they should.
struct TensorReader {
    private let document: ONNXDocument
    private var external: ExternalData

    /// The most bytes that one sparse tensor may take when it is made dense.
    private static let denseLimit = 1 << 30

    init(document: ONNXDocument, modelPath: String?) {
        self.document = document
        external = ExternalData(modelPath: modelPath)
    }

    /// - Throws: where the element type is not supported, the shape is negative or overflows, or the data is not
    ///   exactly as long as the shape says.
    mutating func read(_ tensor: connx_tensor) throws -> Tensor {
        let type = try Self.elementType(Int(connx_tensor_data_type(tensor)))
        let shape = try Self.dims { connx_tensor_dims(tensor, $0) }
        if connx_tensor_is_segment(tensor) { throw DLCError("is a segment of a tensor, which is not supported") }
        let location = connx_tensor_location(tensor)
        guard type != .string || location == CONNX_DATA_TYPED else { throw DLCError("has strings as raw bytes, which ONNX does not allow") }
        switch location {
        case CONNX_DATA_EXTERNAL: return try readExternal(tensor, type, shape)
        case CONNX_DATA_RAW:
            let view = connx_tensor_raw(tensor)
            return try make(type, shape, UnsafeRawBufferPointer(start: view.data, count: view.size), owner: document)
        default: return try readTyped(tensor, type, shape)
        }
    }

    /// The dense form of a sparse tensor; indices are flat (`[NNZ]`) or coordinates (`[NNZ, rank]`).
    mutating func read(_ sparse: connx_sparse_tensor) throws -> Tensor {
        let values = try read(connx_sparse_tensor_values(sparse))
        let indices = try read(connx_sparse_tensor_indices(sparse))
        let shape = try Self.dims { connx_sparse_tensor_dims(sparse, $0) }
        let count = try Checked.count(shape)
        guard try Checked.multiply(count, values.type.size) <= Self.denseLimit else {
            throw DLCError("sparse tensor of shape \(shape) is too large to make dense")
        }
        let isFlat = indices.rank == 1
        guard values.rank == 1, indices.type == .int64,
            isFlat ? indices.count == values.count : indices.shape == [values.count, shape.count]
        else { throw DLCError("sparse tensor has values \(values.shape) and indices \(indices.type)\(indices.shape)") }
        func outside(_ index: Int) -> DLCError { DLCError("sparse index \(index) is outside \(shape)") }
        let positions = try indices.array(of: Int64.self).map(Int.init)
        let size = values.type.size
        return try Tensor(type: values.type, shape: shape) { target in
            try values.withUnsafeBytes { source in
                for element in 0..<values.count {
                    var position = isFlat ? positions[element] : 0
                    if !isFlat {
                        for (axis, extent) in shape.enumerated() {
                            let index = positions[element * shape.count + axis]
                            guard (0..<extent).contains(index) else { throw outside(index) }
                            position = position * extent + index
                        }
                    }
                    guard (0..<count).contains(position) else { throw outside(position) }
                    UnsafeMutableRawBufferPointer(rebasing: target[position * size..<(position + 1) * size])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[element * size..<(element + 1) * size]))
                }
            }
        }
    }

    static func elementType(_ code: Int) throws -> ElementType {
        if let type = ElementType(onnx: code) { return type }
        let names = [
            0: "UNDEFINED", 14: "COMPLEX64", 15: "COMPLEX128", 27: "FLOAT6E2M3", 28: "FLOAT6E3M2",
        ]
        throw DLCError("element type \(names[code] ?? String(code)) is not supported")
    }

    private static func dims(_ read: (UnsafeMutablePointer<Int>) -> UnsafePointer<Int64>?) throws -> [Int] {
        var count = 0
        let base = read(&count)
        let shape = UnsafeBufferPointer(start: base, count: count).map { Int($0) }
        guard shape.count <= 64 else { throw DLCError("has \(shape.count) dimensions, more than 64") }
        _ = try Checked.multiply(Checked.count(shape), 16)
        return shape
    }

    /// Bytes that a tensor takes in the file.
    private static func fileBytes(_ type: ElementType, _ shape: [Int]) throws -> Int {
        try (Checked.multiply(Checked.count(shape), type.bits) + 7) / 8
    }

    /// A tensor over bytes, copied only where they are misaligned or bools other than 0 and 1.
    private func make(
        _ type: ElementType, _ shape: [Int], _ bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable
    ) throws -> Tensor {
        let needed = try Self.fileBytes(type, shape)
        guard bytes.count == needed else {
            throw DLCError("\(type)\(shape) needs \(needed) bytes, the file holds \(bytes.count)")
        }
        if type.bits < 8 {
            return try Tensor(type: type, shape: shape) {
                dlc_unpack_narrow(type.kernelType, bytes.baseAddress, $0.baseAddress, Int64($0.count))
            }
        }
        if type == .bool {
            return try Tensor(type: type, shape: shape) { target in
                for index in bytes.indices { target[index] = bytes[index] == 0 ? 0 : 1 }
            }
        }
        if UInt(bitPattern: bytes.baseAddress) % UInt(type.size) != 0 {
            return try Tensor(type: type, shape: shape) { $0.copyMemory(from: bytes) }
        }
        return try Tensor(type: type, shape: shape, bytes: bytes, owner: owner)
    }

    private mutating func readExternal(_ tensor: connx_tensor, _ type: ElementType, _ shape: [Int]) throws -> Tensor {
        func entry(_ key: String) -> String? {
            var view = connx_string()
            return connx_tensor_external(tensor, key, &view) ? String(view) : nil
        }
        func number(_ key: String) throws -> Int? {
            guard let text = entry(key) else { return nil }
            guard let value = Int(text), value >= 0 else { throw DLCError("external data has \(key) '\(text)'") }
            return value
        }
        guard let location = entry("location") else { throw DLCError("external data has no location") }
        let needed = try Self.fileBytes(type, shape)
        let length = try number("length") ?? needed
        guard length == needed else {
            throw DLCError("\(type)\(shape) needs \(needed) bytes, its external data has \(length)")
        }
        let (bytes, file) = try external.bytes(location, offset: try number("offset") ?? 0, length: length)
        return try make(type, shape, bytes, owner: file)
    }

    /// Data in the typed fields: small types share `int32_data`, `uint32` goes with `uint64_data`.
    private func readTyped(_ tensor: connx_tensor, _ type: ElementType, _ shape: [Int]) throws -> Tensor {
        var count = 0
        switch type {
        case .float32:
            let base = connx_tensor_floats(tensor, &count)
            return try borrowed(UnsafeBufferPointer(start: base, count: count), type, shape)
        case .int32:
            let base = connx_tensor_int32s(tensor, &count)
            return try borrowed(UnsafeBufferPointer(start: base, count: count), type, shape)
        case .int64:
            let base = connx_tensor_int64s(tensor, &count)
            return try borrowed(UnsafeBufferPointer(start: base, count: count), type, shape)
        case .float64:
            let base = connx_tensor_doubles(tensor, &count)
            return try borrowed(UnsafeBufferPointer(start: base, count: count), type, shape)
        case .uint64:
            let base = connx_tensor_uint64s(tensor, &count)
            return try borrowed(UnsafeBufferPointer(start: base, count: count), type, shape)
        case .uint32:
            let base = connx_tensor_uint64s(tensor, &count)
            return try narrowed(UnsafeBufferPointer(start: base, count: count), to: UInt32.self, type, shape)
        case .int8, .uint8, .bool:
            let base = connx_tensor_int32s(tensor, &count)
            let values = UnsafeBufferPointer(start: base, count: count)
            if type != .bool { return try narrowed(values, to: UInt8.self, type, shape) }
            return try narrowed(values.map { $0 == 0 ? Int32(0) : 1 }, to: UInt8.self, type, shape)
        case .int4, .uint4, .int2, .uint2, .float4e2m1, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0:
            // Bytes, of which each may hold several elements.
            let base = connx_tensor_int32s(tensor, &count)
            let bytes = UnsafeBufferPointer(start: base, count: count).map { UInt8(truncatingIfNeeded: $0) }
            return try bytes.withUnsafeBytes { bytes in
                let needed = try Self.fileBytes(type, shape)
                guard bytes.count == needed else { throw DLCError("\(type)\(shape) needs \(needed) bytes, the file holds \(bytes.count)") }
                return try Tensor(type: type, shape: shape) {
                    dlc_unpack_narrow(type.kernelType, bytes.baseAddress, $0.baseAddress, Int64($0.count))
                }
            }
        case .string:
            let count = connx_tensor_string_count(tensor)
            try Self.check(count, type, shape)
            return try Tensor(
                texts: (0..<count).map { index in
                    let view = connx_tensor_string(tensor, index)
                    return Array(UnsafeRawBufferPointer(start: view.data, count: view.size))
                }, shape: shape)
        case .int16, .uint16, .float16, .bfloat16:
            let base = connx_tensor_int32s(tensor, &count)
            return try narrowed(UnsafeBufferPointer(start: base, count: count), to: UInt16.self, type, shape)
        }
    }

    private func borrowed<Element>(
        _ elements: UnsafeBufferPointer<Element>, _ type: ElementType, _ shape: [Int]
    ) throws -> Tensor {
        try Self.check(elements.count, type, shape)
        return try Tensor(type: type, shape: shape, bytes: UnsafeRawBufferPointer(elements), owner: document)
    }

    private func narrowed<Wide: Collection, Narrow: FixedWidthInteger>(
        _ elements: Wide, to _: Narrow.Type, _ type: ElementType, _ shape: [Int]
    ) throws -> Tensor where Wide.Element: FixedWidthInteger {
        try Self.check(elements.count, type, shape)
        return try Tensor(type: type, shape: shape) { target in
            let target = target.bindMemory(to: Narrow.self)
            for (index, element) in elements.enumerated() { target[index] = Narrow(truncatingIfNeeded: element) }
        }
    }

    private static func check(_ count: Int, _ type: ElementType, _ shape: [Int]) throws {
        let needed = try Checked.count(shape)
        guard count == needed else { throw DLCError("\(type)\(shape) needs \(needed) elements, the file holds \(count)") }
    }
}
#endif
