extension Plan.Step {
    /// Operands whose memory a result may take over, as far as the step goes: each element of the result lies where the operand's
    /// does, the kernel allows it, and nothing else in that memory is read.
    /// - Parameter memory: what memory an operand lies in; nil where no result may lie.
    package func replaceable<Memory: Equatable>(by result: Int, at memory: (Plan.Operand?) -> Memory?) -> [Int] {
        guard let target = results[result] else { return [] }
        let same = operands.indices.filter { definition.isReplaceable($0) && operands[$0]?.isSameView(as: target) == true }
        return same.filter { operand in
            guard let place = memory(operands[operand]) else { return false }
            return operands.indices.allSatisfy { memory(operands[$0]) != place || same.contains($0) }
        }
    }
}

extension Plan.Operand {
    /// Whether each element lies where the other's does, if both lie in the same memory.
    fileprivate func isSameView(as other: Plan.Operand) -> Bool {
        strides == other.strides && shape == other.shape && offset == other.offset && type.size == other.type.size
    }
}
