import DLCGraph
import DLCONNX
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
