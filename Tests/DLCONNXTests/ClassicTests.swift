import DLC
import DLCGraph
import DLCONNX
import DLCOps
import DLCTensorFiles
import Testing

/// Models of scikit-learn, XGBoost and LightGBM as their exporters wrote them (`Tools/judges/classic.py --figures`), held to what
/// the libraries predict.
@Suite struct ClassicTests {
    private static let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Classic"

    private static let names = [
        "boosted-holes", "forest", "forest-of-two", "lightgbm", "logistic-maps", "neighbours", "pipeline", "xgboost", "xgboost-of-two",
    ]

    private static func arrays(_ name: String) throws -> [String: Tensor] {
        Dictionary(try NPZ.read("\(folder)/\(name).npz").map { ($0.name, $0.tensor) }) { first, _ in first }
    }

    private func check(_ found: [String: Tensor], _ expected: [String: Tensor], _ comment: Comment) throws {
        for (name, tensor) in expected where name != "x" {
            let output = try #require(found[name], comment)
            #expect(output.shape == tensor.shape && output.type.isFloat == tensor.type.isFloat, comment)
            let apart = zip(try output.doubles(), try tensor.doubles()).map { abs($0 - $1) / (1 + abs($1)) }
            #expect(apart.allSatisfy { $0 <= (tensor.type.isFloat ? 1e-5 : 0) }, "\(comment) \(name): \(apart.max() ?? 0)")
        }
    }

    @Test(arguments: names)
    func exportedModelsPredictWhatTheirLibrariesDo(_ name: String) throws {
        let graph = try importONNX(path: "\(Self.folder)/\(name).onnx")
        let expected = try Self.arrays(name)
        let inputs = [graph.inputs[0].name: try #require(expected["x"])]
        try check(Interpreter.run(graph, inputs), expected, "oracle")
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 2)
        try check(session.run(inputs), expected, "compiled")
    }

    /// The rows are the same however many there are, trees side by side or rows side by side.
    @Test(arguments: ["forest", "xgboost"])
    func aRowAloneIsPredictedAsAmongOthers(_ name: String) throws {
        let graph = try importONNX(path: "\(Self.folder)/\(name).onnx")
        let x = try #require(try Self.arrays(name)["x"])
        let session = try Session(CompiledModel(Compiler.compile(graph)))
        let all = try session.run([graph.inputs[0].name: x])["probabilities"]?.array(of: Float.self)
        let columns = (all?.count ?? 0) / x.shape[0]
        for row in 0..<x.shape[0] {
            let one = try Tensor(Array(x.array(of: Float.self)[row * x.shape[1]..<(row + 1) * x.shape[1]]), shape: [1, x.shape[1]])
            let alone = try session.run([graph.inputs[0].name: one])["probabilities"]?.array(of: Float.self)
            #expect(alone == all.map { Array($0[row * columns..<(row + 1) * columns]) })
        }
    }

    @Test(arguments: ["forest", "boosted-holes", "xgboost"])
    func exportsReadBackAsTheSameModel(_ name: String) throws {
        try withFolder { folder in
            let graph = try importONNX(path: "\(Self.folder)/\(name).onnx")
            try exportONNX(graph, to: folder + "/first.onnx")
            let second = try importONNX(path: folder + "/first.onnx")
            try exportONNX(second, to: folder + "/second.onnx")
            // Names of equal constants may change from file to file.
            let third = try importONNX(path: folder + "/second.onnx")
            #expect(third.nodes.map(\.op.name).sorted() == second.nodes.map(\.op.name).sorted())
            let expected = try Self.arrays(name)
            try check(Interpreter.run(second, [graph.inputs[0].name: try #require(expected["x"])]), expected, "read back")
        }
    }

    private static func ml(_ graph: String) -> String { "<ir_version: 8, opset_import: [\"\" : 17, \"ai.onnx.ml\" : 5]> \(graph)" }

    @Test(arguments: [
        ("nodes_truenodeids = [0, 1], nodes_falsenodeids = [1, 0]", "leads back to itself"),
        ("nodes_truenodeids = [2, 2], nodes_falsenodeids = [2, 2]", "leads to node 2"),
        ("nodes_truenodeids = [1, 0], nodes_falsenodeids = [0]", "lists of"),
    ])
    func treesThatLeadAstrayAreRefused(_ nodes: String, _ message: String) {
        let error = importError(
            Self.ml(
                """
                g (float[N, 2] x) => (float[N, 1] y) {
                    y = ai.onnx.ml.TreeEnsemble <nodes_splits = float[2] {0, 1}, nodes_modes = uint8[2] {0, 0}, nodes_featureids = [0, 1],
                        \(nodes), nodes_trueleafs = [0, 0], nodes_falseleafs = [0, 0], tree_roots = [0],
                        leaf_weights = float[1] {1}, leaf_targetids = [0]> (x)
                }
                """))
        #expect(error.contains(message), "\(error)")
    }

    /// As ONNX Runtime and ONNX's reference have it: SOFTMAX_ZERO gives 0 to a class that no tree speaks for, so it does not win over
    /// one that trees speak against.
    @Test func aClassWithoutVotesDoesNotWin() throws {
        let graph = try importONNX(
            text: Self.ml(
                """
                g (float[N, 1] x) => (int64[N] label, float[N, 3] scores) {
                    label, scores = ai.onnx.ml.TreeEnsembleClassifier <nodes_treeids = [0, 0, 0], nodes_nodeids = [0, 1, 2],
                        nodes_featureids = [0, 0, 0], nodes_modes = ["BRANCH_LEQ", "LEAF", "LEAF"], nodes_values = [0.0, 0.0, 0.0],
                        nodes_truenodeids = [1, 0, 0], nodes_falsenodeids = [2, 0, 0], class_treeids = [0, 0], class_nodeids = [1, 2],
                        class_ids = [1, 2], class_weights = [-0.5, 0.25], classlabels_int64s = [4, 5, 6], post_transform = "SOFTMAX_ZERO"> (x)
                }
                """))
        let found = try Interpreter.run(graph, ["x": Tensor([-1, 0, 1] as [Float], shape: [3, 1])])
        #expect(try found["label"]?.array(of: Int64.self) == [5, 5, 6])
        #expect(try found["scores"]?.array(of: Float.self) == [0, 1, 0, 0, 1, 0, 0, 0, 1])
    }

    @Test func encodersTakeUnknownKeysAsTheirDefault() throws {
        let graph = try importONNX(
            text: Self.ml(
                """
                g (int64[N] x) => (float[N] y) { y = ai.onnx.ml.LabelEncoder <keys_int64s = [7, -1, 3], values_floats = [0.5, 1.5, 2.5], default_float = -9.0> (x) }
                """))
        let result = try Interpreter.run(graph, ["x": Tensor([3, 4, 7, -1] as [Int64], shape: [4])])["y"]
        #expect(try result?.array(of: Float.self) == [2.5, -9, 0.5, 1.5])
    }
}
