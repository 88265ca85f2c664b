import DLC
import DLCModel
import Foundation
import Testing

/// A network is as fast from a model file as from ONNX: it has the same plan, step by step.
@Suite struct ZooPlanTests {
    private static let model = Result {
        let models = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Models").standardized.path()
        // No two constants are alike, so that none is shared.
        return try Model.load(models + "/resnet50.dlm", settings: ["N": "1"]).graph {
            try Initialiser.uniform(low: 0.5, high: 1.5).tensor(for: $0, seed: 0)
        }
    }

    /// What a step does and on what, names and the places of constants aside.
    private func steps(_ graph: Graph, _ target: Target) throws -> [String] {
        func text(_ operand: Plan.Operand?) -> String {
            guard let operand else { return "none" }
            let place = if case .constant = operand.location { "constant" } else { "\(operand.location)" }
            return "\(place) \(operand.type)\(operand.shape) by \(operand.strides) from \(operand.offset)"
        }
        return try Compiler.compile(graph, CompileOptions(target: target)).plan.steps.map { step in
            "\(step.kernel.label) \(step.summary) \(step.kernel.text) \(step.operands.map(text)) -> \(step.results.map(text))"
        }
    }

    private func expectSamePlan(_ graph: Graph) throws {
        for target in [Target.x86_64_v4, .x86_64_v3, .arm64] {
            let (own, other) = (try steps(Self.model.get(), target), try steps(graph, target))
            #expect(own.count > 50 && own.count == other.count)
            for (a, b) in zip(own, other) { #expect(a == b) }
        }
    }

    @Test func resNet50ThroughAFile() throws {
        try withFolder { folder in
            try exportONNX(Compiler.graph(Self.model.get(), at: .canonical), to: folder + "/resnet50.onnx")
            try expectSamePlan(importONNX(path: folder + "/resnet50.onnx"))
        }
    }

    @Test func resNet50AsPyTorchExportsIt() throws {
        var torch = ExportedByTorch()
        var x = try torch.builder.input("input", TensorType(.float32, [1, 3, 224, 224]))
        x = try torch.relu(torch.conv(x, 3, 64, kernel: 7, stride: 2))
        x = try torch.builder.add1(Pool(.max, kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]), [x])
        var channels = 64
        for (stage, blocks) in [3, 4, 6, 3].enumerated() {
            let width = 64 << stage
            for block in 0..<blocks {
                let stride = block == 0 && stage > 0 ? 2 : 1
                var y = try torch.relu(torch.conv(x, channels, width, kernel: 1))
                y = try torch.relu(torch.conv(y, width, width, kernel: 3, stride: stride))
                y = try torch.conv(y, width, 4 * width, kernel: 1)
                let shortcut = block == 0 ? try torch.conv(x, channels, 4 * width, kernel: 1, stride: stride) : x
                x = try torch.relu(torch.builder.add1(Binary(.add), [y, shortcut]))
                channels = 4 * width
            }
        }
        x = try torch.builder.add1(Reduce(.mean, axes: [2, 3]), [x])
        x = try torch.builder.add1(Reshape(shape: [1, Dim(channels)]), [x])
        var gemm = Gemm()
        gemm.transB = true
        x = try torch.builder.add1(gemm, [x, torch.constant([1000, channels]), torch.constant([1000])])
        try torch.builder.output("output", x)
        try expectSamePlan(torch.builder.graph)
    }
}

/// Operators as `torch.onnx.export` writes them in evaluation mode, batch norm folded into convolutions with a bias.
private struct ExportedByTorch {
    var builder = GraphBuilder(name: "main_graph")
    private var count = 0.0

    mutating func constant(_ shape: [Int]) throws -> Value {
        count += 1
        // A matrix of equal numbers would be kept in four bits.
        if shape.count == 2 { return builder.constant(try .random(seed: UInt64(count), shape: shape)) }
        return builder.constant(try Tensor(filling: count / 1000, type: .float32, shape: shape))
    }

    mutating func conv(_ x: Value, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1) throws -> Value {
        let pad = Dim(kernel / 2)
        let op = Conv(strides: [stride, stride], pads: [pad, pad, pad, pad])
        return try builder.add1(op, [x, constant([outputs, inputs, kernel, kernel]), constant([outputs])])
    }

    mutating func relu(_ x: Value) throws -> Value { try builder.add1(Unary(.relu), [x]) }
}
