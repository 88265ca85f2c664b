import DLCGraph

/// The nodes of trees as the kernel walks them: i32 rows `[M, 4]` (or `[M, 6]` where thresholds are f64) of threshold,
/// feature, left child and leaf.
///
/// An inner node goes to its left child where the feature is at most the threshold, else to the node after that; NaN goes
/// left where the feature is written as its complement (`~feature`). A leaf has the threshold NaN, as left child the node
/// before itself, and the row of its weights.
public struct TreeNodes: Sendable {
    public struct Node: Sendable, Equatable {
        public var threshold: Double
        public var feature: Int
        public var nanGoesLeft: Bool
        public var left: Int
        /// The row of the leaf's weights, nil in inner nodes.
        public var leaf: Int?

        /// The child for an element.
        func next(_ x: Double) -> Int {
            if x.isNaN { return nanGoesLeft ? left : left + 1 }
            return x <= threshold ? left : left + 1
        }
    }

    public var nodes: [Node] = []
    /// Of the thresholds: f32 or f64.
    public let type: ElementType

    public init(type: ElementType) { self.type = type }

    /// Words of a node.
    public static func width(_ type: ElementType) -> Int { type == .float64 ? 6 : 4 }

    /// Throws where a tree begins at no node, or a leaf has none of so many rows of weights.
    func check(roots: [Int], leaves: Int) throws {
        if let root = roots.first(where: { !nodes.indices.contains($0) }) { throw DLCError("a tree begins at node \(root) of \(nodes.count)") }
        if let leaf = nodes.lazy.compactMap(\.leaf).first(where: { $0 < 0 || $0 >= leaves }) {
            throw DLCError("a leaf has row \(leaf) of \(leaves) rows of weights")
        }
    }

    /// The highest feature that a node reads.
    public var highestFeature: Int { nodes.reduce(0) { max($0, $1.feature) } }
    public var hasNaNLeft: Bool { nodes.contains(where: \.nanGoesLeft) }

    /// The steps from each of some nodes to its deepest leaf.
    public func depths(from roots: [Int]) -> [Int] {
        var depths = [Int?](repeating: nil, count: nodes.count)
        var path = roots
        while let place = path.last {
            let node = nodes[place]
            let children = node.leaf == nil ? [node.left, node.left + 1] : []
            let below = children.map { depths[$0] }
            if depths[place] != nil || below.allSatisfy({ $0 != nil }) {
                depths[place] = below.reduce(node.leaf == nil ? 1 : 0) { max($0, ($1 ?? 0) + 1) }
                path.removeLast()
            } else {
                path += children.filter { depths[$0] == nil }
            }
        }
        return roots.map { depths[$0] ?? 0 }
    }

    /// As they lie in memory.
    public func tensor() throws -> Tensor {
        var words: [Int32] = []
        words.reserveCapacity(nodes.count * Self.width(type))
        for node in nodes {
            if type == .float64 {
                let bits = node.threshold.bitPattern.littleEndian
                words += [Int32(truncatingIfNeeded: bits), Int32(truncatingIfNeeded: bits >> 32)]
            } else {
                words.append(Int32(bitPattern: Float(node.threshold).bitPattern))
            }
            guard let feature = Int32(exactly: node.feature), let left = Int32(exactly: node.left),
                let leaf = Int32(exactly: node.leaf ?? -1)
            else {
                throw DLCError("more than \(Int32.max) nodes or features")
            }
            words += [node.nanGoesLeft ? ~feature : feature, left, leaf]
            if type == .float64 { words.append(0) }
        }
        return try Tensor(words, shape: [nodes.count, Self.width(type)])
    }

    /// The first nodes of roots `[R, 2]`.
    static func roots(_ tensor: Tensor) throws -> [Int] {
        let words = try tensor.integers()
        return stride(from: 0, to: words.count, by: 2).map { Int(words[$0]) }
    }

    /// Reads what `tensor` has written.
    /// - Throws: where a node leads outside.
    public init(_ tensor: Tensor, type: ElementType) throws {
        self.type = type
        let width = Self.width(type)
        guard tensor.rank == 2, tensor.shape[1] == width else {
            throw DLCError("nodes are \(tensor.type)\(tensor.shape); expected [M, \(width)]")
        }
        let (words, count) = (try tensor.array(of: Int32.self), tensor.shape[0])
        nodes = try (0..<count).map { index in
            let row = words[index * width..<(index + 1) * width]
            let threshold: Double
            if type == .float64 {
                threshold = Double(
                    bitPattern: UInt64(UInt32(bitPattern: row[row.startIndex])) | UInt64(UInt32(bitPattern: row[row.startIndex + 1])) << 32)
            } else {
                threshold = Double(Float(bitPattern: UInt32(bitPattern: row[row.startIndex])))
            }
            let rest = row.dropFirst(type == .float64 ? 2 : 1).map(Int.init)
            let isLeaf = rest[1] == index - 1
            guard rest[1] >= (isLeaf ? -1 : 0), rest[1] + 1 < count else { throw DLCError("node \(index) leads to \(rest[1]) of \(count)") }
            return Node(
                threshold: threshold, feature: rest[0] < 0 ? ~rest[0] : rest[0], nanGoesLeft: rest[0] < 0, left: rest[1],
                leaf: isLeaf ? rest[2] : nil)
        }
    }
}
