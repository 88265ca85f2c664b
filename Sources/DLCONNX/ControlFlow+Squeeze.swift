#if ONNX
internal import CONNX
internal import DLCGraph

/// `Squeeze` that names no axes, of a tensor with extents that may turn out to be 1, so that the rank is what shapes decide.
///
/// Such an extent is taken to be another than 1, or 1 where readers or the declared outputs need that (`BranchChoices`), and the
/// choice becomes a constraint: for other shapes the model is compiled again (`dlc run`) or refuses. Extents that data decide stay.
extension ControlFlow {
    private static let squeeze = OperatorKey(domain: "", opType: "Squeeze")

    /// The result, nil where the node is none of these.
    static func importSqueeze(_ node: SourceNode, in body: BodyImporter) throws -> [Value?]? {
        guard node.key == squeeze, !body.site.isBody, node.inputs.count == 1 || node.inputs.dropFirst().allSatisfy(\.isEmpty),
            let name = node.inputs.first, !node.handle.attributes.contains(where: { $0.name == "axes" }),
            let x = try body.value(name), body.site.builder.fact(x).type.container == nil,
            let mapping = body.context.mapping(squeeze)
        else { return nil }
        let shape = body.site.builder.shape(x)
        let open = shape.indices.filter {
            shape[$0].constant == nil && !shape[$0].isAtLeast(2) && !shape[$0].symbols.contains(where: body.site.builder.graph.isFromData)
        }
        guard !open.isEmpty else { return nil }
        // What is required so far may say what an extent is.
        let settled = try body.site.builder.graph.settledByConstraints()
        let values = Dictionary(settled.map { ($0.symbol, $0.value) }, uniquingKeysWith: { first, _ in first })
        var axes = shape.indices.filter { shape[$0].constant == 1 }
        for axis in open {
            let known = try shape[axis].substituting(values)
            if known.constant == 1 { axes.append(axis) }
            guard known.constant == nil, !known.isAtLeast(2) else { continue }
            let isOne = body.context.branches.choose(likely: false)
            if isOne { axes.append(axis) }
            let place = node.name.isEmpty ? "Squeeze" : "Squeeze \(node.name)"
            let reason = """
                without axes it drops extents of 1, and the model is compiled for dimension \(axis) \(isOne ? "as one" : "as none") of them; \
                another build, with --dim or --shape, is for the other
                """
            let claim = isOne
                ? Constraint(.equal, shape[axis], 1, place: place, reason: reason)
                : Constraint(.equal, try shape[axis].equals(1), 0, place: place, reason: reason)
            try body.site.builder.require(claim)
        }
        let dropped = try Tensor(integers: axes.sorted().map(Int64.init), type: .int64, shape: [axes.count])
        return try body.read(mapping, node, operands: [x, body.site.builder.constant(dropped)], attributes: [:], outputs: node.outputs)
    }
}
#endif
