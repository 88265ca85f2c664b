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
}
