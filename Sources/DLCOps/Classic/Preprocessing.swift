import DLCGraph

/// ai.onnx.ml operators that prepare features, as elementwise operators.
enum Preprocessing {
    /// Scaler: (x − offset) · scale in f32, of each feature.
    static let readScaler: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["offset", "scale"])
        let type: ElementType = try reader.fact(0).element == .float64 ? .float64 : .float32
        var x = try reader.cast(reader.required(0), type)
        for (name, function) in [("offset", BinaryFunction.sub), ("scale", .mul)] {
            let values: [Double] = try reader.attribute(name) ?? []
            if values.isEmpty { continue }
            x = try reader.apply(
                function, x, reader.constant(Tensor(doubles: values, type: type, shape: values.count == 1 ? [] : [values.count])))
        }
        return [try reader.cast(x, .float32)]
    }

    /// Normalizer: rows divided by their largest magnitude, or the sum of magnitudes, or the root of the sum of squares.
    static let readNormalizer: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["norm"])
        let type: ElementType = try reader.fact(0).element == .float64 ? .float64 : .float32
        let x = try reader.cast(reader.required(0), type)
        let axis = reader.builder.shape(x).count - 1
        guard axis >= 0 else { throw DLCError("x is a scalar; expected [N, F]") }
        let norm: Value
        switch try reader.attribute("norm") ?? "MAX" {
        case "MAX": norm = try reader.add1(Reduce(.max, axes: [axis]), [reader.apply(.abs, x)])
        case "L1": norm = try reader.add1(Reduce(.sum, axes: [axis]), [reader.apply(.abs, x)])
        case "L2": norm = try reader.apply(.sqrt, reader.add1(Reduce(.sum, axes: [axis]), [reader.apply(.mul, x, x)]))
        case let other: throw DLCError("norm is '\(other)'; expected MAX, L1 or L2")
        }
        let isNothing = try reader.apply(.equal, norm, reader.scalar(0, like: norm))
        let divisor = try reader.select(isNothing, reader.scalar(1, like: norm), norm)
        return [try reader.cast(reader.apply(.div, x, divisor), .float32)]
    }

    /// Imputer: what is missing, a value or NaN, becomes the feature's value.
    static let readImputer: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["imputed_value_floats", "imputed_value_int64s", "replaced_value_float", "replaced_value_int64"])
        let x = try reader.required(0)
        let type = reader.builder.fact(x).element
        let floats: [Double] = try reader.attribute("imputed_value_floats") ?? []
        let integers: [Int] = try reader.attribute("imputed_value_int64s") ?? []
        let values = type.isFloat ? floats : integers.map(Double.init)
        guard !values.isEmpty else { throw DLCError("x is \(type), but no imputed values of its kind are given") }
        let missing: Double =
            type.isFloat ? try reader.attribute("replaced_value_float") ?? 0 : Double(try reader.attribute("replaced_value_int64") ?? 0)
        let isMissing = missing.isNaN ? try reader.apply(.isNaN, x) : try reader.apply(.equal, x, reader.scalar(missing, like: x))
        let filling = reader.constant(try Tensor(doubles: values, type: type, shape: values.count == 1 ? [] : [values.count]))
        return try reader.add(Where(), [isMissing, filling, x])
    }

    /// FeatureVectorizer: columns of all operands, each of as many as is said, cut or filled with zeros.
    static let readVectorizer: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["inputdimensions"])
        let widths: [Int] = try reader.attribute("inputdimensions") ?? []
        guard widths.count == reader.operands.count, widths.allSatisfy({ $0 >= 0 }) else {
            throw DLCError("inputdimensions are \(widths) for \(reader.operands.count) operands")
        }
        var parts: [Value] = []
        for (index, width) in widths.enumerated() {
            let x = try reader.cast(reader.required(index), .float32)
            let shape = reader.builder.shape(x)
            guard shape.count == 1 || shape.count == 2 else {
                throw DLCError("operand \(index) is \(reader.builder.fact(x).type); expected [N, F]")
            }
            let rows = shape.count == 1 ? try reader.reshape(x, [shape[0], 1]) : x
            let columns = shape.count == 1 ? 1 : shape[1]
            guard let known = columns.constant else {
                let type = reader.builder.fact(x).type
                try reader.require(.equal, columns, Dim(width), "operand \(index) is \(type) for \(width) columns")
                parts.append(rows)
                continue
            }
            if known >= width {
                parts.append(try reader.slice(rows, axis: 1, from: 0, count: Dim(width)))
            } else {
                parts.append(try reader.add1(Pad(pads: [0, 0, 0, Dim(width - known)]), [rows, nil]))
            }
        }
        return try reader.add(Concat(axis: 1), parts)
    }

    /// ZipMap: a table of scores is one map per row. It stays the table, whose labels the metadata says.
    static let readZipMap: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["classlabels_int64s", "classlabels_strings"])
        let numbers: [Int] = try reader.attribute("classlabels_int64s") ?? []
        let texts: [String] = try reader.attribute("classlabels_strings") ?? []
        if let name = reader.resultNames.first ?? nil {
            reader.builder.setMetadata(
                MapNotes.labels(name), (texts.isEmpty ? numbers.map(String.init) : texts).joined(separator: "\n"))
            reader.builder.setMetadata(MapNotes.note(name), texts.isEmpty ? "int64" : "string")
        }
        return [try reader.required(0)]
    }
}
