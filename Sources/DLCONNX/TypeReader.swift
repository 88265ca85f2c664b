#if ONNX
internal import CONNX
internal import DLCGraph

/// Turns declared ONNX types into tensor types with symbolic extents.
enum TypeReader {
    /// The type of a graph input. An extent without number and name becomes a symbol `input.axis`.
    /// - Parameters:
    ///   - rank: the number of dimensions where the caller knows it, for an input that declares no shape.
    ///   - names: what the names of extents mean.
    /// - Throws: where it holds no tensors, is a tensor without shape, or its extents are negative or overflow.
    static func input(_ info: connx_value_info, rank: Int? = nil, names: SymbolNames) throws -> TensorType {
        if let type = try container(info.type) { return type }
        let (element, declared) = try tensor(info.type, names)
        guard let dims = declared ?? rank.map({ [Dim?](repeating: nil, count: $0) }) else {
            throw DLCError("has no shape; its number of dimensions must be known: give its shape, as with --shape \(info.name)=…")
        }
        return TensorType(element, dims.enumerated().map { axis, dim in dim ?? Dim(symbol: "\(info.name).\(axis)") })
    }

    /// The names of an input's extents.
    static func extentNames(_ info: connx_value_info) -> [String] {
        guard connx_type_get_kind(info.type) == CONNX_TYPE_TENSOR, connx_type_has_shape(info.type) else { return [] }
        return (0..<min(connx_type_rank(info.type), 64)).map { String(connx_type_dim_name(info.type, $0)) }.filter { !$0.isEmpty }
    }

    /// The element type of a value that is declared to be a tensor.
    static func elementType(_ info: connx_value_info) throws -> ElementType? {
        try connx_type_get_kind(info.type) == CONNX_TYPE_TENSOR ? TensorReader.elementType(Int(connx_type_element(info.type))) : nil
    }

    /// The number of dimensions of a value that is declared to be a tensor of some shape.
    static func rank(_ info: connx_value_info) -> Int? {
        connx_type_get_kind(info.type) == CONNX_TYPE_TENSOR && connx_type_has_shape(info.type) ? connx_type_rank(info.type) : nil
    }

    /// Whether a value is declared to be a sequence.
    static func isSequence(_ info: connx_value_info) -> Bool { connx_type_get_kind(info.type) == CONNX_TYPE_SEQUENCE }

    /// Throws where a declared output has another element type. Its shape is a remark: as for ONNX Runtime, what the nodes
    /// compute is right.
    static func check(_ info: connx_value_info, against inferred: TensorType) throws {
        guard connx_type_get_kind(info.type) != CONNX_TYPE_NONE else { return }
        if let type = try container(info.type) {
            guard type.element == inferred.element, type.container?.kind.isSequence == inferred.container?.kind.isSequence else {
                throw DLCError("is declared \(type), but computed as \(inferred)")
            }
            return
        }
        guard inferred.container == nil else { throw DLCError("is declared a tensor, but computed as \(inferred)") }
        let element = try tensor(info.type, SymbolNames([])).0
        guard element == inferred.element else { throw DLCError("is declared \(element), but computed as \(inferred)") }
    }

    /// The element type and the extents, nil where unknown; nil for all where no shape is declared.
    static func tensor(_ type: connx_type, _ names: SymbolNames) throws -> (ElementType, [Dim?]?) {
        switch connx_type_get_kind(type) {
        case CONNX_TYPE_TENSOR: break
        case CONNX_TYPE_MAP: throw DLCError("is a map; only tensors, and sequences and optionals of them, are supported")
        case CONNX_TYPE_SPARSE_TENSOR: throw DLCError("is a sparse tensor; only dense ones are supported")
        default: throw DLCError("has no type")
        }
        let element = try TensorReader.elementType(Int(connx_type_element(type)))
        guard connx_type_has_shape(type) else { return (element, nil) }
        let rank = connx_type_rank(type)
        guard rank <= 64 else { throw DLCError("has \(rank) dimensions, more than 64") }
        let dims = try (0..<rank).map { try dim(type, axis: $0, names) }
        _ = try Checked.multiply(Checked.count(dims.map { $0?.constant ?? 1 }), element.size)
        return (element, dims)
    }

    private static func dim(_ type: connx_type, axis: Int, _ names: SymbolNames) throws -> Dim? {
        var value: Int64 = 0
        if connx_type_dim_value(type, axis, &value) {
            if value == -1 { return nil }
            guard value >= 0 else { throw DLCError("dimension \(axis) is \(value)") }
            return Dim(Int(value))
        }
        let name = String(connx_type_dim_name(type, axis))
        return name.isEmpty ? nil : names.dim(name)
    }
}
#endif
