import DLCGraph

extension Fact {
    /// The content after a movement of elements whose result element `i` is element `indices[i]`, or nil where it is not
    /// followed.
    /// - Parameter indices: gets this fact's extents.
    func content(movedTo shape: Shape, _ indices: ([Int]) throws -> [Int]) throws -> [Dim]? {
        guard let content, let from = self.shape.constants, let to = shape.constants, try Checked.count(to) <= Self.contentLimit
        else { return nil }
        let moved = try indices(from)
        guard moved.allSatisfy(content.indices.contains) else { return nil }
        return moved.map { content[$0] }
    }
}

extension ONNXReader {
    /// Integers that older opsets keep in an attribute and newer ones in an operand; nil where there are none.
    func ints(attribute name: String, orOperand index: Int) throws -> [Int]? {
        if let values: [Int] = try attribute(name) { return values }
        return try ints(index, name)
    }

    /// Dimensions that older opsets keep in an attribute and newer ones in an operand; nil where there are none.
    func dims(attribute name: String, orOperand index: Int) throws -> [Dim]? {
        if let values: [Int] = try attribute(name) { return values.map { Dim($0) } }
        return try dims(index, name)
    }
}
