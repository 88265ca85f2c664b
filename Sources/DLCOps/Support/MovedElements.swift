import DLCGraph

/// Operators that only move elements, with the operands that they move: what they do to shape arithmetic follows from what they
/// do to the numbers of elements.
extension Gather: MovesElements { public var moved: [Int] { [0] } }
extension GatherElements: MovesElements { public var moved: [Int] { [0] } }
extension GatherND: MovesElements { public var moved: [Int] { [0] } }
extension Slice: MovesElements { public var moved: [Int] { [0] } }
extension Transpose: MovesElements { public var moved: [Int] { [0] } }
extension Expand: MovesElements { public var moved: [Int] { [0] } }
extension Tile: MovesElements { public var moved: [Int] { [0] } }
extension Pad: MovesElements { public var moved: [Int] { [0, 1] } }
extension Trilu: MovesElements { public var moved: [Int] { [0] } }
extension ReverseSequence: MovesElements { public var moved: [Int] { [0] } }
extension OneHot: MovesElements { public var moved: [Int] { [1] } }
/// All of them.
extension Concat: MovesElements { public var moved: [Int] { [] } }

extension Reshape: FollowsElements {
    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? { operands[0]?.elements }
}

extension ScatterElements: MovesElements {
    public var moved: [Int] { [0, 2] }

    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? {
        reduction == .none ? try movedElements(operands) : nil
    }
}

extension ScatterND: MovesElements {
    public var moved: [Int] { [0, 2] }

    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? {
        reduction == .none ? try movedElements(operands) : nil
    }
}
