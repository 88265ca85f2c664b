import CKernels
import DLCGraph

/// Elementwise operators between one tensor of 8 bits and another: what quantized networks have between their layers. Such a
/// function has 256 values, which its kernel computes first and then looks up, so that it costs the same however long it is.
struct ByteFunctions {
    /// The nodes of each function, by the node of its result.
    private(set) var nodes: [Int: Set<Int>] = [:]

    /// From how many nodes on it is cheaper to write and read bytes than to go on with the result in registers: some more than
    /// dequantizing and quantizing take.
    private static let leastNodes = 12

    /// What is computed elementwise from one tensor of 8 bits and numbers.
    private struct Chain {
        let source: Value
        var nodes: Set<Int> = []
    }

    init(_ graph: Graph, isElementwise: (Int) -> Bool) {
        var chains: [Value: Chain] = [:]
        for index in graph.nodes.indices where isElementwise(index) {
            guard var chain = Self.joined(graph.nodes[index], graph, chains) else { continue }
            chain.nodes.insert(index)
            // With the load and the store.
            let instructions = 2 + chain.nodes.reduce(0) { $0 + Self.instructions(graph.nodes[$1], graph) }
            guard instructions <= Int(DLC_PROGRAM_INSTRUCTIONS) else { continue }
            let result = graph.nodes[index].results[0]
            guard Self.isByte(graph, result) else {
                chains[result] = chain
                continue
            }
            if chain.nodes.count >= Self.leastNodes { nodes[index] = chain.nodes }
            // Where this one is nearly full, the next begins with its result.
            if 2 * instructions <= Int(DLC_PROGRAM_INSTRUCTIONS) { chains[result] = chain }
        }
    }

    /// What the operands of a node are computed from, numbers aside; nil where it is no one tensor.
    private static func joined(_ node: Node, _ graph: Graph, _ chains: [Value: Chain]) -> Chain? {
        let shape = graph.shape(node.results[0])
        var result: Chain?
        for case let operand? in node.operands where !isNumber(graph, operand) {
            guard graph.shape(operand) == shape, let chain = chains[operand] ?? (isByte(graph, operand) ? Chain(source: operand) : nil),
                result == nil || result?.source == chain.source
            else { return nil }
            result = Chain(source: chain.source, nodes: chain.nodes.union(result?.nodes ?? []))
        }
        return result
    }

    private static func isNumber(_ graph: Graph, _ value: Value) -> Bool { graph.shape(value).allSatisfy { $0.constant == 1 } }

    private static func isByte(_ graph: Graph, _ value: Value) -> Bool {
        [.uint8, .int8].contains(graph.type(value).element) && graph.constant(value) == nil
    }

    /// At most how many instructions a node takes: one, and one for each number; integers are widened, computed in another type
    /// and narrowed.
    private static func instructions(_ node: Node, _ graph: Graph) -> Int {
        let operands = node.operands.compactMap { $0 }
        let isFloat = (operands + node.results).allSatisfy { graph.type($0).element == .float32 }
        return 1 + operands.filter { isNumber(graph, $0) }.count + (isFloat ? 0 : operands.count + 3)
    }
}
