import DLCTensor

/// Fields that are rows of arrays, from `.npz`, `.safetensors` and `.npy` files.
///
/// Of an array of unsigned bytes that a float field of two or more dimensions takes it is assumed that they are pixels: the
/// field gets p / 255, as `dlc run` gives it for pictures.
struct ArrayDataset: Dataset {
    let summary: String
    let count: Int
    let fields: [DataField]
    let encoding: DataEncoding
    private let columns: [Column]

    private struct Column {
        let rows: ArrayRows
        let shape: [Int]
        let conversion: FieldConversion
    }

    /// - Throws: where a field has no array, an array does not fit its field, or arrays differ in their number of examples.
    init(
        _ arrays: [ArrayRows], of path: String, kind: String, classNames: [String] = [], wanting wanted: [WantedField],
        _ options: DataOptions
    ) throws {
        var encoding = options.encoding ?? DataEncoding()
        if encoding.classNames.isEmpty { encoding.classNames = classNames }
        let chosen = try located(path) { try FieldMatching.assign(wanted, from: arrays, names: options.sources) }
        var columns: [Column] = []
        for (field, index) in zip(wanted, chosen) {
            let rows = arrays[index]
            guard let fit = ShapeFit(of: rows.shape, to: field.shape) else {
                let batched = "[examples\(field.shape.map { ", " + ($0.map(String.init) ?? "?") }.joined())]"
                throw DLCError("the array \(rows.description) does not fit the field \(field.description); expected \(batched)", at: [path])
            }
            let content: FieldContent =
                if !field.type.isFloat {
                    field.shape.isEmpty ? .classes : field.classes == nil ? .numbers : .segments
                } else {
                    rows.type == .uint8 && field.shape.count >= 2 ? .pixels : .numbers
                }
            let described = DataField(
                field.name, field.type, fit.shape, content,
                channelAxis: fit.shape.count == 1 ? 0 : content == .pixels ? DataField.channelAxis(ofPicture: fit.shape) : nil)
            let conversion =
                content == .classes
                ? try ClassField.conversion(field, classNames: encoding.classNames, at: path)
                : FieldConversion(field: described, classes: field.classes, allowsNonFinite: options.allowsNonFinite)
            columns.append(Column(rows: rows, shape: fit.shape, conversion: conversion))
        }
        guard let first = columns.first else { throw DLCError("no field is asked for", at: [path]) }
        if let odd = columns.first(where: { $0.rows.count != first.rows.count }) {
            throw DLCError(
                "\(first.rows.name) has \(first.rows.count) examples and \(odd.rows.name) has \(odd.rows.count); expected as many in each",
                at: [path])
        }
        guard first.rows.count > 0 else { throw DLCError("holds no examples", at: [path]) }
        self.columns = columns
        count = first.rows.count
        fields = columns.map(\.conversion.field)
        self.encoding = encoding
        summary = "\(count) examples of \(kind) in \(path)"
    }

    func labels() throws -> [Int]? {
        guard let column = classColumn else { return nil }
        var labels: [Int] = []
        labels.reserveCapacity(count)
        try forEachLabels(column) { labels += $0.map { Int($0) } }
        return labels
    }

    /// Counted as they are read, so that labels of any number need no memory.
    func classCounts() throws -> [Int]? {
        guard let column = classColumn else { return nil }
        var counts = [Int](repeating: 0, count: classNames.count)
        try forEachLabels(column) { labels in
            if let most = labels.max(), most >= counts.count {
                guard most < 1 << 24 else { throw DLCError("has a class \(most); expected below \(1 << 24)", at: [column.rows.place]) }
                counts += [Int](repeating: 0, count: Int(most) + 1 - counts.count)
            }
            for label in labels { counts[Int(label)] += 1 }
        }
        return counts
    }

    private var classColumn: Column? {
        let classes = columns.filter { $0.conversion.field.content == .classes }
        return classes.count == 1 ? classes[0] : nil
    }

    private func forEachLabels(_ column: Column, _ body: ([Int64]) throws -> Void) throws {
        for start in stride(from: 0, to: count, by: 1 << 16) {
            try body(tensor(column, start..<min(start + 1 << 16, count)).integers())
        }
    }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        try check(indices)
        var tensors: [String: Tensor] = [:]
        for column in columns { tensors[column.conversion.field.name] = try tensor(column, indices) }
        return tensors
    }

    private func tensor(_ column: Column, _ indices: some RandomAccessCollection<Int>) throws -> Tensor {
        let rows = try column.rows.rows(indices)
        return try column.conversion.convert(rows, shape: column.shape) { place in
            "\(column.rows.place): example \(indices[indices.index(indices.startIndex, offsetBy: place)])"
        }
    }
}
