import DLCGraph

/// ONNX operators that replace elements by others of a table: a `Find` among sorted keys and a gather.
enum LabelMaps {
    /// LabelEncoder of numbers.
    static let readEncoder: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let kinds = ["floats", "int64s", "strings", "tensor"]
        try reader.allowAttributes(
            kinds.flatMap { ["keys_\($0)", "values_\($0)"] } + [
                "default_float", "default_int64", "default_string", "default_tensor", "classes_strings",
            ])
        let (keys, values) = (try table(reader, "keys"), try table(reader, "values"))
        guard keys.count == values.count else { throw DLCError("\(keys.count) keys for \(values.count) values") }
        let x = try reader.required(0)
        guard reader.builder.fact(x).element == keys.type else {
            throw DLCError("x is \(reader.builder.fact(x).type), keys are \(keys.type)")
        }
        let otherwise: Tensor
        if let tensor: Tensor = try reader.attribute("default_tensor") {
            guard tensor.count == 1, tensor.type == values.type else {
                throw DLCError("default_tensor is \(tensor.type)\(tensor.shape) for \(values.type)")
            }
            otherwise = try tensor.reshaped([1])
        } else if values.type.isFloat {
            otherwise = try Tensor(doubles: [reader.attribute("default_float") ?? -0.0], type: values.type, shape: [1])
        } else {
            otherwise = try Tensor(integers: [Int64(reader.attribute("default_int64") ?? -1)], type: values.type, shape: [1])
        }
        let (sorted, order) = try ascending(keys)
        let places = try reader.add1(Find(), [x, reader.constant(sorted)])
        let table = try Oracle.joined(values.selecting(order, shape: [order.count]), otherwise)
        return try reader.add(Gather(axis: 0), [reader.constant(table), places])
    }

    /// OneHotEncoder of numbers, which are truncated to integers.
    static let readOneHot: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["cats_int64s", "cats_strings", "zeros"])
        if let texts: [String] = try reader.attribute("cats_strings"), !texts.isEmpty {
            throw DLCError("categories that are texts are not supported yet")
        }
        let categories: [Int] = try reader.attribute("cats_int64s") ?? []
        guard !categories.isEmpty else { throw DLCError("expects categories in cats_int64s or cats_strings") }
        let (sorted, order) = try ascending(Tensor(categories.map(Int64.init), shape: [categories.count]))
        let x = try reader.cast(reader.required(0), .int64)
        let places = try reader.add1(Find(), [x, reader.constant(sorted)])
        // Where nothing may be unknown, a place behind the table is refused by the gather.
        let mayBeUnknown = (try reader.attribute("zeros") ?? 1) != 0
        let columns = order.map(Int64.init) + (mayBeUnknown ? [Int64(categories.count)] : [])
        let column = try reader.add1(Gather(axis: 0), [reader.constant(Tensor(columns, shape: [columns.count])), places])
        let values = reader.constant(try Tensor([0, 1] as [Float], shape: [2]))
        return try reader.add(OneHot(depth: Dim(categories.count), axis: -1), [column, values])
    }

    /// The keys or the values of an encoder.
    private static func table(_ reader: ONNXReader, _ what: String) throws -> Tensor {
        if let tensor: Tensor = try reader.attribute("\(what)_tensor") { return try tensor.reshaped([tensor.count]) }
        if let floats: [Double] = try reader.attribute("\(what)_floats") {
            return try Tensor(floats.map(Float.init), shape: [floats.count])
        }
        if let integers: [Int] = try reader.attribute("\(what)_int64s") {
            return try Tensor(integers.map(Int64.init), shape: [integers.count])
        }
        throw DLCError("\(what) that are texts are not supported yet")
    }

    /// Keys in ascending order, NaN last, each once, and where they stood first.
    private static func ascending(_ keys: Tensor) throws -> (keys: Tensor, order: [Int]) {
        var order: [Int]
        if keys.type.isFloat {
            let values = try keys.doubles()
            func isBefore(_ a: Int, _ b: Int) -> Bool {
                let (x, y) = (values[a], values[b])
                return x < y || (!x.isNaN && y.isNaN) || (!(y < x) && x.isNaN == y.isNaN && a < b)
            }
            order = values.indices.sorted(by: isBefore)
            order = order.enumerated().filter { at, index in
                at == 0 || !(values[order[at - 1]] == values[index] || (values[order[at - 1]].isNaN && values[index].isNaN))
            }.map(\.element)
        } else {
            let values = try keys.integers()
            let isUnsigned = keys.type == .uint64
            func isLess(_ x: Int64, _ y: Int64) -> Bool { isUnsigned ? UInt64(bitPattern: x) < UInt64(bitPattern: y) : x < y }
            order = values.indices.sorted { isLess(values[$0], values[$1]) || (values[$0] == values[$1] && $0 < $1) }
            order = order.enumerated().filter { at, index in at == 0 || values[order[at - 1]] != values[index] }.map(\.element)
        }
        return (try keys.selecting(order, shape: [order.count]), order)
    }
}

extension Oracle {
    /// Two vectors of one type, one after the other.
    static func joined(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        try Tensor(type: a.type, shape: [a.count + b.count]) { target in
            a.withUnsafeBytes { target.copyMemory(from: $0) }
            b.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: target[a.byteCount...]).copyMemory(from: $0) }
        }
    }
}
