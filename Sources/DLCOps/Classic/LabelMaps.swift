import DLCGraph

/// ONNX operators that replace elements by others of a table: a `Find` among sorted keys and a gather.
enum LabelMaps {
    /// LabelEncoder: keys and values are numbers or strings. Its first version has classes, which strings are numbered by or numbers
    /// stand for.
    static let readEncoder: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let kinds = ["floats", "int64s", "strings", "tensor"]
        try reader.allowAttributes(
            kinds.flatMap { ["keys_\($0)", "values_\($0)"] } + [
                "default_float", "default_int64", "default_string", "default_tensor", "classes_strings",
            ])
        if let classes: [String] = try reader.attribute("classes_strings"), !classes.isEmpty {
            let places = try Tensor(classes.indices.map(Int64.init), shape: [classes.count])
            return try replaced(between: Tensor(classes, shape: [classes.count]), places, &reader)
        }
        return try replaced(table(reader, "keys"), by: table(reader, "values"), &reader)
    }

    /// CategoryMapper: strings become numbers, numbers strings.
    static let readMapper: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["cats_int64s", "cats_strings", "default_int64", "default_string"])
        let numbers: [Int] = try reader.attribute("cats_int64s") ?? []
        let texts: [String] = try reader.attribute("cats_strings") ?? []
        return try replaced(
            between: Tensor(texts, shape: [texts.count]), Tensor(numbers.map(Int64.init), shape: [numbers.count]), &reader)
    }

    /// Elements of one of two lists replaced by those of the other, whichever has x's type.
    private static func replaced(between texts: Tensor, _ numbers: Tensor, _ reader: inout ONNXReader) throws -> [Value] {
        let isText = try reader.fact(0).element == .string
        return try isText ? replaced(texts, by: numbers, &reader) : replaced(numbers, by: texts, &reader)
    }

    private static func replaced(_ keys: Tensor, by values: Tensor, _ reader: inout ONNXReader) throws -> [Value] {
        guard keys.count == values.count else { throw DLCError("\(keys.count) keys for \(values.count) values") }
        let x = try reader.required(0)
        guard reader.builder.fact(x).element == keys.type else {
            throw DLCError("x is \(reader.builder.fact(x).type), keys are \(keys.type)")
        }
        let otherwise = try otherwise(values.type, reader)
        let (sorted, order) = try ascending(keys)
        let places = try reader.add1(Find(), [x, reader.constant(sorted)])
        let table = try Oracle.joined(values.selecting(order, shape: [order.count]), otherwise)
        return [try entries(table, at: places, &reader)]
    }

    /// What a table has at places that a `Find` gives: the places themselves where the table counts.
    private static func entries(_ table: Tensor, at places: Value, _ reader: inout ONNXReader) throws -> Value {
        if try table.type == .int64 && table.array(of: Int64.self) == (0..<table.count).map(Int64.init) { return places }
        return try reader.add1(Gather(axis: 0), [reader.constant(table), places])
    }

    /// What stands for an element that is no key.
    private static func otherwise(_ type: ElementType, _ reader: ONNXReader) throws -> Tensor {
        if let tensor: Tensor = try reader.attribute("default_tensor") {
            guard tensor.count == 1, tensor.type == type else {
                throw DLCError("default_tensor is \(tensor.type)\(tensor.shape) for \(type)")
            }
            return try tensor.reshaped([1])
        }
        if type == .string { return try Tensor([reader.attribute("default_string") ?? "_Unused"], shape: [1]) }
        if type.isFloat { return try Tensor(doubles: [reader.attribute("default_float") ?? -0.0], type: type, shape: [1]) }
        return try Tensor(integers: [Int64(reader.attribute("default_int64") ?? -1)], type: type, shape: [1])
    }

    /// OneHotEncoder of strings, or of numbers, which are truncated to integers.
    static let readOneHot: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["cats_int64s", "cats_strings", "zeros"])
        let numbers: [Int] = try reader.attribute("cats_int64s") ?? []
        let texts: [String] = try reader.attribute("cats_strings") ?? []
        guard numbers.isEmpty != texts.isEmpty else { throw DLCError("expects categories in one of cats_int64s and cats_strings") }
        let isText = try reader.fact(0).element == .string
        guard isText == numbers.isEmpty else {
            throw DLCError("x is \(try reader.fact(0).type), but categories are \(numbers.isEmpty ? "strings" : "numbers")")
        }
        let categories = try isText ? Tensor(texts, shape: [texts.count]) : Tensor(numbers.map(Int64.init), shape: [numbers.count])
        let (sorted, order) = try ascending(categories)
        let x = try isText ? reader.required(0) : reader.cast(reader.required(0), .int64)
        let places = try reader.add1(Find(), [x, reader.constant(sorted)])
        // Where nothing may be unknown, a place behind the table is refused by the gather.
        let mayBeUnknown = (try reader.attribute("zeros") ?? 1) != 0
        let columns = order.map(Int64.init) + (mayBeUnknown ? [Int64(categories.count)] : [])
        let column = try entries(Tensor(columns, shape: [columns.count]), at: places, &reader)
        let values = reader.constant(try Tensor([0, 1] as [Float], shape: [2]))
        return try reader.add(OneHot(depth: Dim(categories.count), axis: -1), [column, values])
    }

    /// DictVectorizer: the keys and the values of a map, `[K]` each, as one row of the vocabulary's columns; 0 where a key is missing,
    /// and nothing of keys that are not in it.
    static let readDictionary: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["int64_vocabulary", "string_vocabulary"])
        let numbers: [Int] = try reader.attribute("int64_vocabulary") ?? []
        let texts: [String] = try reader.attribute("string_vocabulary") ?? []
        guard numbers.isEmpty != texts.isEmpty else { throw DLCError("expects a vocabulary of strings or of integers") }
        let vocabulary = try texts.isEmpty ? Tensor(numbers.map(Int64.init), shape: [numbers.count]) : Tensor(texts, shape: [texts.count])
        let (keys, values) = (try reader.required(0), try reader.required(1))
        guard reader.builder.fact(keys).element == vocabulary.type else {
            throw DLCError("keys are \(reader.builder.fact(keys).type), the vocabulary is \(vocabulary.type)")
        }
        let (sorted, order) = try ascending(vocabulary)
        let places = try reader.add1(Find(), [keys, reader.constant(sorted)])
        // What is not in it goes to a further column, which is cut off.
        let columns = order.map(Int64.init) + [Int64(vocabulary.count)]
        let column = try entries(Tensor(columns, shape: [columns.count]), at: places, &reader)
        let empty = try Tensor(filling: 0, type: reader.builder.fact(values).element, shape: [vocabulary.count + 1])
        let row = try reader.add1(ScatterElements(), [reader.constant(empty), column, values])
        let used = try reader.slice(row, axis: 0, from: 0, count: Dim(vocabulary.count))
        return try reader.add(Reshape(shape: [1, Dim(vocabulary.count)]), [used])
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
        if let texts: [String] = try reader.attribute("\(what)_strings") { return try Tensor(texts, shape: [texts.count]) }
        throw DLCError("has no \(what)")
    }

    /// Keys in ascending order, NaN last, each once, and where they stood first. Strings keep their order.
    private static func ascending(_ keys: Tensor) throws -> (keys: Tensor, order: [Int]) {
        var order: [Int]
        if keys.type == .string {
            var known: Set<[UInt8]> = []
            order = try keys.texts().enumerated().filter { known.insert($1).inserted }.map(\.offset)
        } else if keys.type.isFloat {
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
