import DLCGraph
import DLCONNX
import DLCOps
import Foundation
import Testing

/// A fresh folder that is removed after `body`.
func withFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}

@Suite struct ExportTests {
    static let models = [
        "g (float[N, 3] x) => (float[N, 3] y) { h = Relu(x) y = LeakyRelu <alpha = 0.25> (h) }",
        "g (float[2] x) => (float[2] y, float[2] z) { y = Relu(x) z = Identity(y) }",
        "g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { y = Add(x, w) }",
        "g (float[N, 4] x) => (float[N, M] y) { h = Tanh(x) y = Softmax <axis = 1> (h) }",
        "g (float[2, 3] x) => (float[3, 2] y) { t = Transpose <perm = [1, 0]> (x) y = Neg(t) }",
    ]

    @Test(arguments: models) func anExportedGraphImportsAsItself(text: String) throws {
        let graph = try importONNX(text: model(text))
        try withFolder { folder in
            try exportONNX(graph, to: folder + "/model.onnx")
            let again = try importONNX(path: folder + "/model.onnx")
            #expect(again.text() == graph.text())
        }
    }

    @Test func metadataAndOutputsThatAreInputsSurvive() throws {
        var builder = GraphBuilder(name: "g")
        builder.setMetadata("labels", "cat\ndog")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N")]))
        let c = builder.constant(try Tensor([1, 2] as [Int64], shape: [2]))
        try builder.output("same", x)
        try builder.output("c", c)
        try builder.output("c2", c)
        try withFolder { folder in
            try exportONNX(builder.graph, to: folder + "/model.onnx")
            let again = try importONNX(path: folder + "/model.onnx")
            #expect(again.metadata == ["labels": "cat\ndog"])
            #expect(again.outputs.map(\.name) == ["same", "c", "c2"])
            #expect(again.outputs[0].value == again.inputs[0].value)
            #expect(again.constant(again.outputs[2].value) == builder.graph.constant(c))
        }
    }

    /// A graph in the text form, exported and read again, computes the same.
    private func expectExportComputesTheSame(_ text: String, _ inputs: [String: Tensor]) throws {
        let graph = try GraphParser.parse(text, definitions: AllOps.definitions)
        try withFolder { folder in
            try exportONNX(graph, to: folder + "/model.onnx")
            let (want, got) = (try Interpreter.run(graph, inputs), try Interpreter.run(importONNX(path: folder + "/model.onnx"), inputs))
            for (name, tensor) in want {
                let other = try #require(got[name])
                #expect(other.shape == tensor.shape)
                for (a, b) in zip(try other.doubles(), try tensor.doubles()) {
                    #expect(a == b || (a.isNaN && b.isNaN) || abs(a - b) <= 1e-5, "\(name): \(a) instead of \(b)")
                }
            }
        }
    }

    /// Rows of a mask in which nothing may be seen: zeros of the operator, NaN of what softmax spells.
    @Test(arguments: ["", ", empty_rows_are_nan: true"]) func attentionInWhichNothingIsSeen(attribute: String) throws {
        let low = -Double.infinity
        let mask = try Tensor(doubles: [0, low, low, low, low, low], type: .float32, shape: [2, 3])
        let inputs = [
            "q": try Tensor.random(seed: 1, shape: [1, 1, 2, 4]), "k": try Tensor.random(seed: 2, shape: [1, 1, 3, 4]),
            "v": try Tensor.random(seed: 3, shape: [1, 1, 3, 4]), "m": mask,
        ]
        try expectExportComputesTheSame(
            """
            graph g(%q: f32[1, 1, 2, 4], %k: f32[1, 1, 3, 4], %v: f32[1, 1, 3, 4], %m: f32[2, 3]) -> (%y) {
                %y: f32[1, 1, 2, 4] = attention(%q, %k, %v, %m) {scale: 0.5\(attribute)}
            }
            """, inputs)
        let nothing = try Tensor(integers: [0, 0, 0, 1, 0, 1], type: .bool, shape: [2, 3])
        try expectExportComputesTheSame(
            """
            graph g(%q: f32[1, 1, 2, 4], %k: f32[1, 1, 3, 4], %v: f32[1, 1, 3, 4], %b: bool[2, 3]) -> (%y) {
                %y: f32[1, 1, 2, 4] = attention(%q, %k, %v, %b) {scale: 0.5\(attribute)}
            }
            """, inputs.merging(["b": nothing]) { $1 })
    }

    /// More queries than keys: the first ones see nothing.
    @Test func causalAttentionThatBeginsBeforeTheFirstKey() throws {
        try expectExportComputesTheSame(
            """
            graph g(%q: f32[1, 1, 4, 2], %k: f32[1, 1, 2, 2], %v: f32[1, 1, 2, 2]) -> (%y) {
                %y: f32[1, 1, 4, 2] = attention(%q, %k, %v) {scale: 0.5, causal: true}
            }
            """,
            [
                "q": try Tensor.random(seed: 1, shape: [1, 1, 4, 2]), "k": try Tensor.random(seed: 2, shape: [1, 1, 2, 2]),
                "v": try Tensor.random(seed: 3, shape: [1, 1, 2, 2]),
            ])
    }

    /// Positions that count from an end which is not known count from it in the file too: ONNX gives what there is of a
    /// shorter x, where a computed position would be negative and count from the end once more.
    @Test func openSlicesStayOpen() throws {
        let graph = try GraphParser.parse(
            """
            graph g(%x: f32[2, T]) -> (%last, %middle, %first) {
                %last: f32[2, 7] = slice(%x) {starts: dims(0; T - 7), sizes: dims(2; 7), steps: [1, 1]}
                %middle: f32[2, 4] = slice(%x) {starts: dims(0; T - 5), sizes: dims(2; 4), steps: [1, 1]}
                %first: f32[2, T - 2] = slice(%x) {starts: dims(0; 0), sizes: dims(2; T - 2), steps: [1, 1]}
            }
            """, definitions: AllOps.definitions)
        try withFolder { folder in
            try exportONNX(graph, to: folder + "/model.onnx")
            let again = try importONNX(path: folder + "/model.onnx")
            for length in [7, 10] {
                let x = try Tensor.random(seed: 1, shape: [2, length])
                #expect(try Interpreter.run(again, ["x": x]) == Interpreter.run(graph, ["x": x]))
            }
            let bytes = try #require(FileManager.default.contents(atPath: folder + "/model.onnx"))
            #expect(!String(decoding: bytes, as: UTF8.self).contains("Gather"), "a position is computed from the extent")
        }
    }

    /// A reversed slice ends before the first element, whatever the extent; an end of −1 would be the last one.
    @Test func reversedOpenSlicesEndBeforeTheFirstElement() throws {
        let graph = try GraphParser.parse(
            """
            graph g(%x: f32[2, T]) -> (%all, %odd, %most) {
                %all: f32[2, T] = slice(%x) {starts: dims(0; T - 1), sizes: dims(2; T), steps: [1, -1]}
                %odd: f32[2, floor(T + 1, 2)] = slice(%x) {starts: dims(0; T - 1), sizes: dims(2; floor(T + 1, 2)), steps: [1, -2]}
                %most: f32[1, T] = slice(%x) {starts: dims(1; T - 1), sizes: dims(1; T), steps: [-1, -1]}
            }
            """, definitions: AllOps.definitions)
        try withFolder { folder in
            try exportONNX(graph, to: folder + "/model.onnx")
            let again = try importONNX(path: folder + "/model.onnx")
            for length in [0, 1, 2, 7] {
                let x = try Tensor.random(seed: 1, shape: [2, length])
                #expect(try Interpreter.run(again, ["x": x]) == Interpreter.run(graph, ["x": x]), "\(length) columns")
            }
        }
    }

    /// An extent of 0 in the place of another is meant as 0 and copies none (ONNX Reshape, allowzero).
    @Test func reshapesToNothingAreNothing() throws {
        let graph = try GraphParser.parse(
            """
            graph g(%x: f32[2, 3, N, M]) -> (%y, %z) {
                %y: f32[N, 2*M, 3] = reshape(%x) {shape: dims(N; 2*M; 3)}
                %e: f32[2, 0, N, M] = slice(%x) {starts: dims(0; 0; 0; 0), sizes: dims(2; 0; N; M), steps: [1, 1, 1, 1]}
                %z: f32[5, 0] = reshape(%e) {shape: dims(5; 0)}
            }
            """, definitions: AllOps.definitions)
        try withFolder { folder in
            try exportONNX(graph, to: folder + "/model.onnx")
            let again = try importONNX(path: folder + "/model.onnx")
            for (n, m) in [(0, 4), (4, 0), (2, 3)] {
                let x = try Tensor.random(seed: 1, shape: [2, 3, n, m])
                #expect(try Interpreter.run(again, ["x": x]) == Interpreter.run(graph, ["x": x]), "\(n) × \(m)")
            }
        }
    }

    @Test func anUnknownOpsetIsAnError() throws {
        let graph = try importONNX(text: model(Self.models[0]))
        #expect(throws: DLCError.self) { try exportONNX(graph, opset: 999, to: "/nowhere/model.onnx") }
        #expect(throws: DLCError.self) { try exportONNX(graph, to: "/nowhere/model.onnx") }
    }

    @Test(arguments: ElementType.allCases) func tensorFilesKeepEveryType(type: ElementType) throws {
        let tensor = try Tensor.random(seed: 3, type: type, shape: [3, 5])
        try withFolder { folder in
            try ONNXTensorFile.write(tensor, name: "t", to: folder + "/t.pb")
            let (name, read) = try ONNXTensorFile.read(folder + "/t.pb")
            #expect(name == "t")
            #expect(read == tensor)
        }
    }
}
