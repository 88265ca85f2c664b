import DLCGraph

/// A tree's node as ONNX writes it.
struct TreeBranch {
    enum Mode: Int { case atMost, below, atLeast, above, equal, unequal, member }
    enum Child: Equatable {
        case node(Int)
        /// The row of a leaf's weights.
        case leaf(Int)
    }

    var mode: Mode
    var feature: Int
    var value: Double
    /// For `member`.
    var members: [Double] = []
    var isTrue: Child
    var isFalse: Child
    /// Whether NaN takes the true branch whatever the comparison says.
    var nanIsTrue: Bool
}

/// Turns nodes of every mode into nodes that only ask for "at most": x < t is x ≤ the number before t, x ≥ t the
/// contrary, x = t is x ≤ t but not x ≤ the number before t, and a set is searched by halves. Where a branch is so reached
/// from several places, only its first node is written again; what is below is shared.
struct TreeBuilder {
    private(set) var result: TreeNodes
    private(set) var roots: [Int] = []
    private let branches: [TreeBranch]
    private var places: [Int?]

    /// What stands at a place that is yet to be filled.
    private indirect enum Test {
        case child(TreeBranch.Child)
        case atMost(Double, feature: Int, nanGoesLeft: Bool, Test, Test)
    }

    init(_ branches: [TreeBranch], type: ElementType) throws {
        self.branches = branches
        result = TreeNodes(type: type)
        places = [Int?](repeating: nil, count: branches.count)
        try refuseCycles()
    }

    /// Adds a tree.
    mutating func add(root: TreeBranch.Child) throws {
        let place = result.nodes.count
        roots.append(place)
        result.nodes.append(Self.blank)
        var waiting: [(Test, Int)] = [(.child(root), place)]
        while let (test, place) = waiting.popLast() {
            guard result.nodes.count < Int(Int32.max) - 2 else { throw DLCError("the trees have more than \(Int32.max) nodes") }
            switch test {
            case .child(.leaf(let row)):
                result.nodes[place] = TreeNodes.Node(threshold: .nan, feature: 0, nanGoesLeft: false, left: place - 1, leaf: row)
            case .child(.node(let index)):
                if let known = places[index] {
                    result.nodes[place] = result.nodes[known]
                } else {
                    places[index] = place
                    waiting.append((self.test(branches[index]), place))
                }
            case .atMost(let threshold, let feature, let nanGoesLeft, let left, let right):
                let first = result.nodes.count
                result.nodes[place] = TreeNodes.Node(
                    threshold: threshold, feature: feature, nanGoesLeft: nanGoesLeft, left: first, leaf: nil)
                result.nodes += [Self.blank, Self.blank]
                waiting.append((right, first + 1))
                waiting.append((left, first))
            }
        }
    }

    /// Where the trees begin and how deep they are, i32 `[R, 2]`.
    func rootTensor() throws -> Tensor {
        let words = zip(roots, result.depths(from: roots)).flatMap { [Int32($0), Int32($1)] }
        return try Tensor(words, shape: [roots.count, 2])
    }

    private static let blank = TreeNodes.Node(threshold: .nan, feature: 0, nanGoesLeft: false, left: 0, leaf: nil)

    private func test(_ branch: TreeBranch) -> Test {
        let (yes, no, value) = (Test.child(branch.isTrue), Test.child(branch.isFalse), branch.value)
        func atMost(_ threshold: Double, _ left: Test, _ right: Test, nanGoesLeft: Bool) -> Test {
            .atMost(threshold, feature: branch.feature, nanGoesLeft: nanGoesLeft, left, right)
        }
        switch branch.mode {
        case .atMost: return atMost(value, yes, no, nanGoesLeft: branch.nanIsTrue)
        case .below: return atMost(before(value), yes, no, nanGoesLeft: branch.nanIsTrue)
        case .atLeast: return atMost(before(value), no, yes, nanGoesLeft: !branch.nanIsTrue)
        case .above: return atMost(value, no, yes, nanGoesLeft: !branch.nanIsTrue)
        case .equal: return equal(value, branch, yes, no, nanIsEqual: branch.nanIsTrue)
        case .unequal: return equal(value, branch, no, yes, nanIsEqual: false)
        case .member:
            let members = Set(branch.members.filter { !$0.isNaN }).sorted()
            return member(members[...], branch, yes, no)
        }
    }

    /// The next lower number of the thresholds' type; NaN, which nothing is at most, below −∞.
    private func before(_ value: Double) -> Double {
        if value == -.infinity { return .nan }
        return result.type == .float64 ? value.nextDown : Double(Float(value).nextDown)
    }

    private func equal(_ value: Double, _ branch: TreeBranch, _ yes: Test, _ no: Test, nanIsEqual: Bool) -> Test {
        let isBelow = Test.atMost(before(value), feature: branch.feature, nanGoesLeft: false, no, yes)
        return .atMost(value, feature: branch.feature, nanGoesLeft: nanIsEqual, isBelow, no)
    }

    private func member(_ members: ArraySlice<Double>, _ branch: TreeBranch, _ yes: Test, _ no: Test) -> Test {
        if members.count <= 1 { return equal(members.first ?? .nan, branch, yes, no, nanIsEqual: branch.nanIsTrue) }
        let middle = members.startIndex + members.count / 2
        return .atMost(
            members[middle - 1], feature: branch.feature, nanGoesLeft: branch.nanIsTrue, member(members[..<middle], branch, yes, no),
            member(members[middle...], branch, yes, no))
    }

    /// Throws where a branch leads back to itself or outside.
    private func refuseCycles() throws {
        enum Visit { case never, open, done }
        var visits = [Visit](repeating: .never, count: branches.count)
        for start in branches.indices where visits[start] == .never {
            var path = [(start, false)]
            while let (index, isLeft) = path.popLast() {
                if isLeft {
                    visits[index] = .done
                    continue
                }
                if visits[index] == .done { continue }
                visits[index] = .open
                path.append((index, true))
                for case .node(let child) in [branches[index].isTrue, branches[index].isFalse] {
                    guard branches.indices.contains(child) else {
                        throw DLCError("node \(index) leads to node \(child) of \(branches.count)")
                    }
                    if visits[child] == .open { throw DLCError("node \(child) leads back to itself") }
                    if visits[child] == .never { path.append((child, false)) }
                }
            }
        }
    }
}
