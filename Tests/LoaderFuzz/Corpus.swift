import DLC
import Foundation

/// What the fuzzer begins with: every operator's examples as text, as ONNX and compiled; beside them in `Corpus` lie the files
/// that no example gives.
enum Corpus {
    static func write(to folder: String) throws {
        for loader in [Loader.dlir, .onnx, .dlc] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(loader.rawValue)", withIntermediateDirectories: true)
        }
        for definition in AllOps.definitions {
            for (index, example) in try definition.examples().enumerated() {
                let graph = try Self.graph(example), name = "\(definition.name)-\(index)"
                try Data(graph.text().utf8).write(to: URL(filePath: "\(folder)/dlir/\(name).dlir"))
                // Operators of our own have no ONNX, and some types no kernel.
                try? exportONNX(graph, to: "\(folder)/onnx/\(name).onnx")
                if index == 0, let image = try? Compiler.compile(graph) { try PlanFile.write(image, to: "\(folder)/dlc/\(name).dlc") }
            }
        }
    }

    /// The example as a graph's only node. Integer operands are constants, since such are extents, axes and indices.
    private static func graph(_ example: Example) throws -> Graph {
        var builder = GraphBuilder(name: "g")
        if let constant = example.op as? Constant {
            try builder.output("y", builder.constant(constant.value))
            return builder.graph
        }
        var operands: [Value?] = []
        for (index, tensor) in example.operands.enumerated() {
            guard let tensor else {
                operands.append(nil)
                continue
            }
            let isConstant = tensor.type == .int64 && index > 0
            let type = TensorType(tensor.type, Shape(constants: tensor.shape))
            operands.append(isConstant ? builder.constant(tensor) : try builder.input("x\(index)", type))
        }
        for (index, result) in try builder.add(example.op, operands, name: "layer").enumerated() {
            try builder.output("y\(index)", result)
        }
        return builder.graph
    }
}
