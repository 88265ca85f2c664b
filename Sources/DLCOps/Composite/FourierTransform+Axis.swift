import DLCGraph

extension FourierTransform {
    /// The transform over an axis that only a run knows: a branch for each, of which one runs.
    static func branched(_ x: Value, over axis: Value, _ reader: inout ONNXReader) throws -> Value {
        let rank = reader.builder.shape(x).count
        guard rank >= 2, try reader.ints(1, "dft_length (of a transform whose axis only a run knows)")?.count ?? 1 == 1 else {
            throw DLCError("x is \(reader.builder.fact(x).type); expected a signal and its parts, and one dft_length")
        }
        // Axes from the end are counted from the front; those outside, and that of the parts, are refused by the gathers.
        let all = reader.constant(try Tensor((0..<rank).map(Int64.init), shape: [rank]))
        let signals = reader.constant(try Tensor((0..<rank - 1).map(Int64.init), shape: [rank - 1]))
        let inner = try reader.add1(Gather(), [all, reader.reshape(axis, [])])
        let place = try reader.add1(Gather(), [signals, inner])
        return try chosen(x, place, from: 0, &reader)
    }

    /// The transform of x over the axis `place`, one from `first` on.
    private static func chosen(_ x: Value, _ place: Value, from first: Int, _ reader: inout ONNXReader) throws -> Value {
        let type = reader.builder.fact(x).type
        let outside = reader
        func branch(_ name: String, _ result: (inout ONNXReader, Value, Value) throws -> Value) throws -> Graph {
            var builder = GraphBuilder(name: name, foldLimit: GraphBuilder.usualFoldLimit)
            builder.reserveSymbols(of: outside.builder)
            let inputs = (try builder.input("x", type), try builder.input("place", TensorType(.int64, [])))
            let length = outside.operand(1).flatMap { outside.builder.fact($0).content }
            let lengths = try length.map { try builder.add1(Extents(values: $0, shape: [$0.count]), []) }
            var inside = ONNXReader(
                builder: builder, opType: outside.opType, opset: outside.opset, name: outside.name, operands: [inputs.0, lengths],
                attributes: outside.attributes.filter { $0.key != "axis" }, resultNames: [])
            let y = try result(&inside, inputs.0, inputs.1)
            try inside.builder.output("y", y)
            return inside.builder.graph
        }
        func transform(_ axis: Int) throws -> Graph {
            try branch("axis \(axis)") { inside, x, _ in
                let attributes = inside.attributes.merging(["axis": .int(axis)]) { $1 }
                return try inside.delegate(readDFT, operands: [x, inside.operand(1)], attributes: attributes, opset: 20)[0]
            }
        }
        let last = type.rank - 2
        if last == first {
            let attributes = reader.attributes.merging(["axis": .int(first)]) { $1 }
            return try reader.delegate(readDFT, operands: [x, reader.operand(1)], attributes: attributes, opset: 20)[0]
        }
        let isFirst = try reader.apply(.equal, place, reader.scalar(Double(first), like: place))
        let others = try first + 1 == last ? transform(last) : branch("axes from \(first + 1)") { try chosen($1, $2, from: first + 1, &$0) }
        let op = If(then: try transform(first), otherwise: others)
        return try reader.add1(op, [isFirst, x, place, x, place])
    }
}
