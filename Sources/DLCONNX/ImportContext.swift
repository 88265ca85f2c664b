#if ONNX
internal import CONNX
internal import DLCGraph
internal import DLCOps

/// What bodies of one model share while they are imported.
final class ImportContext {
    let document: ONNXDocument
    var tensors: TensorReader
    let functions: [OperatorKey: connx_function]
    private var nodeCount = 0
    /// Branches to take where nothing else decides.
    let branches: BranchChoices
    /// Initializers of which the document has only the names.
    let given: [String: Tensor]

    /// The most nodes, counted after functions are inlined and loops unrolled.
    static let nodeLimit = 1_000_000
    /// The most functions and graphs inside each other.
    static let depthLimit = 64
    /// The newest version of ONNX's own operators whose meaning the readers know.
    static let newestOpset = 28

    init(
        document: ONNXDocument, modelPath: String?, branches: BranchChoices = BranchChoices(), given: [String: Tensor] = [:]
    ) throws {
        self.branches = branches
        self.given = given
        self.document = document
        tensors = TensorReader(document: document, modelPath: modelPath)
        var functions: [OperatorKey: connx_function] = [:]
        for index in 0..<connx_document_function_count(document.raw) {
            let function = connx_document_function(document.raw, index)
            let key = function.key
            if functions.updateValue(function, forKey: key) != nil { throw DLCError("function \(key) is defined twice") }
        }
        self.functions = functions
    }

    func mapping(_ key: OperatorKey) -> ONNXMapping? {
        Self.mappings[OperatorKey(domain: key.domain, opType: key.opType)]
    }

    private static let mappings: [OperatorKey: ONNXMapping] = {
        let all = AllOps.mappings.map { (OperatorKey(domain: $0.domain, opType: $0.opType), $0) }
        return Dictionary(all) { first, _ in first }
    }()

    /// Counts nodes towards the limit.
    func countNodes(_ count: Int) throws {
        nodeCount += count
        if nodeCount > Self.nodeLimit { throw DLCError("the model has more than \(Self.nodeLimit) nodes") }
    }

    /// How a file uses an operator.
    struct Use {
        /// Whether it has a mapping or a definition by others.
        var isKnown: Bool
        /// The nodes, by name or by what they compute.
        var places: [String] = []
    }

    /// The operators of a graph, of the graphs inside of it and of the functions that these call.
    func census(of graph: connx_graph) -> [OperatorKey: Use] {
        var uses: [OperatorKey: Use] = [:]
        var visited = Set<OperatorKey>()
        var bodies = [graph.nodes]
        while let nodes = bodies.popLast() {
            for node in nodes {
                bodies += node.attributes.flatMap(\.graphs).map(\.nodes)
                let key = OperatorKey(node)
                if let function = functions[key] {
                    if visited.insert(key).inserted { bodies.append(function.nodes) }
                    continue
                }
                if uses[key] == nil {
                    let isKnown = mapping(key) != nil || ControlFlow.operators.contains(key) || key == FlexAttention.key
                    uses[key] = Use(isKnown: isKnown || connx_operator_has_body(node, Int64(Self.newestOpset)))
                }
                let name = String(connx_node_name(node))
                uses[key]?.places.append(name.isEmpty && connx_node_output_count(node) > 0 ? String(connx_node_output(node, 0)) : name)
            }
        }
        return uses
    }

    /// Throws one error that names every operator with neither a mapping nor a definition by others, with the nodes
    /// that use it.
    func checkOperators(of graph: connx_graph) throws {
        let missing = census(of: graph).filter { !$0.value.isKnown }
        if missing.isEmpty { return }
        let parts = missing.sorted { "\($0.key)" < "\($1.key)" }.map { key, use in
            let names = use.places
            let more = names.count > 4 ? " and \(names.count - 4) more" : ""
            return "\(key) (\(names.prefix(4).map { "'\($0)'" }.joined(separator: ", "))\(more))"
        }
        let advice = Set(missing.keys.map(\.domain)).sorted().compactMap { Self.advice[$0] }
        throw DLCError((["operators that are not supported: " + parts.joined(separator: "; ")] + advice).joined(separator: "; "))
    }

    /// What helps against operators of a domain that no exporter writes into models which are to be moved.
    private static let advice = [
        "com.microsoft.nchwc": "ONNX Runtime saved this model for one processor; save it with graph_optimization_level "
            + "ORT_ENABLE_EXTENDED or lower, or take the model that it was made from",
        "ai.onnx.contrib": "ai.onnx.contrib is onnxruntime-extensions' domain; export the model without its steps before and after",
    ]

    /// The versions of operator sets by domain.
    static func opsets(_ count: Int, domain: (Int) -> connx_string, version: (Int) -> Int64) throws -> [String: Int] {
        var opsets: [String: Int] = [:]
        for index in 0..<count {
            let key = OperatorKey(domain: String(domain(index)), opType: "")
            let number = version(index)
            guard number >= 1, key.domain != "" || number <= newestOpset else {
                throw DLCError("opset \(number) of domain '\(key.domain)' is unknown; the newest known is \(newestOpset)")
            }
            if let other = opsets.updateValue(Int(number), forKey: key.domain), other != Int(number) {
                throw DLCError("domain '\(key.domain)' is imported with two versions, \(other) and \(number)")
            }
        }
        return opsets
    }
}

extension connx_function {
    var key: OperatorKey {
        OperatorKey(
            domain: String(connx_function_domain(self)), opType: String(connx_function_name(self)),
            overload: String(connx_function_overload(self)))
    }
    var nodes: [connx_node] { list(connx_function_node_count(self)) { connx_function_node(self, $0) } }
    var inputs: [String] { list(connx_function_input_count(self)) { String(connx_function_input(self, $0)) } }
    var outputs: [String] { list(connx_function_output_count(self)) { String(connx_function_output(self, $0)) } }
}
#endif
