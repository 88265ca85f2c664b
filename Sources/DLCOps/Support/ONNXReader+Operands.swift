import DLCGraph

extension ONNXReader {
    /// Integers that older opsets keep in an attribute and newer ones in an operand; nil where there are none.
    func ints(attribute name: String, orOperand index: Int) throws -> [Int]? {
        if let values: [Int] = try attribute(name) { return values }
        return try ints(index, name)
    }

    /// Dimensions that older opsets keep in an attribute and newer ones in an operand; nil where there are none.
    /// - Parameter isSigned: whether they may be below 0.
    mutating func dims(attribute name: String, orOperand index: Int, isSigned: Bool = false) throws -> [Dim]? {
        if let values: [Int] = try attribute(name) { return values.map { Dim($0) } }
        return try dims(index, name, isSigned: isSigned)
    }

    /// Requires an operand that is a list of open length to have so many elements.
    mutating func settle(_ index: Int, count: Int) throws {
        guard let list = operand(index), case let shape = builder.shape(list), shape.count == 1, shape[0].constant == nil else { return }
        operands[index] = try add1(Reshape(shape: [Dim(count)]), [list])
    }

    /// The length of an operand that is a list; nil where it is absent or open.
    func length(_ index: Int) -> Int? {
        guard let list = operand(index), case let shape = builder.shape(list), shape.count == 1 else { return nil }
        return shape[0].constant
    }

    /// An operand that is one number, as a scalar where only a run says how many elements it has.
    mutating func number(_ index: Int) throws -> Value {
        let value = try required(index)
        return builder.shape(value).constants == nil ? try reshape(value, []) : value
    }
}
