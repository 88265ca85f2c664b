import DLCGraph
import DLCOps
import DLCPasses
import DLCRuntime
import Foundation

/// Small models that together call every kernel.
enum Subjects {
    /// The examples of all operators, as they stand and with their input's extents open, then chains that fuse, then what the
    /// fuzzer of graphs begins with, in which data decide extents and what runs.
    static func all() -> [(name: String, make: () throws -> PlanImage)] {
        var subjects: [(name: String, make: () throws -> PlanImage)] = []
        for target in [Target.native, .portable] {
            for definition in AllOps.definitions {
                for example in (try? definition.examples()) ?? [] {
                    for isOpen in target == .native ? [false, true] : [false] {
                        let name = "\(definition.name), \(example.name), \(target.name)\(isOpen ? ", open" : "")"
                        subjects.append((name, { try plan(example, target, isOpen: isOpen) }))
                    }
                }
            }
            for (name, graph) in Chains.all { subjects.append(("\(name), \(target.name)", { try plan(graph(), target) })) }
            subjects.append(("training, \(target.name)", { try training(target) }))
            for path in patterns {
                let name = "pattern \(path.deletingPathExtension().lastPathComponent), \(target.name)"
                subjects.append((name, { try plan(graph(path), target) }))
            }
        }
        return subjects
    }

    /// Files with graphs; none where the sources are not where they were built.
    private static var patterns: [URL] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fuzz/Patterns")
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == "dlir" }.sorted { $0.path < $1.path }
    }

    private static func graph(_ path: URL) throws -> Graph {
        try GraphParser.parse(String(contentsOf: path, encoding: .utf8), definitions: AllOps.definitions)
    }

    private static func plan(_ example: Example, _ target: Target, isOpen: Bool) throws -> PlanImage {
        var builder = GraphBuilder(name: example.op.name)
        var operands: [Value?] = []
        for (index, operand) in example.operands.enumerated() {
            guard let operand else {
                operands.append(nil)
                continue
            }
            // Half of the examples have all operands as inputs, so that indices and weights come at run time.
            if index == 0 || ((example.name.utf8.count + index) % 2 == 0 && !(example.op is TreeEnsemble)) {
                let shape = operand.shape.enumerated().map { isOpen && index == 0 ? Dim(symbol: "s\($0.offset)") : Dim($0.element) }
                operands.append(try builder.input("x\(index)", TensorType(operand.type, shape)))
            } else {
                operands.append(builder.constant(operand))
            }
        }
        for (index, result) in try builder.add(example.op, operands).enumerated() { try builder.output("y\(index)", result) }
        return try plan(builder.graph, target)
    }

    static func plan(_ graph: Graph, _ target: Target, sharing image: PlanImage? = nil) throws -> PlanImage {
        let options = CompileOptions(target: target)
        if image == nil, Scheduling.isNeeded(graph) {
            let canonical = try Pipelines.passes(to: .canonical, options).run(graph, options.passes)
            if Scheduling.isNeeded(canonical) { return try Scheduling.plan(canonical, options) }
        }
        return try Lowering.plan(Pipelines.passes(to: .lowered, options).run(graph, options.passes), options, sharing: image)
    }

    /// A step of gradient descent, and a program that reads the weights it leaves.
    private static func training(_ target: Target) throws -> PlanImage {
        // The same tensors, since programs agree about where a state's initial value lies.
        let parameters = try Chains.perceptronParameters()
        var image = try plan(Chains.perceptron(parameters, isStep: true), target)
        image.append(try plan(Chains.perceptron(parameters, isStep: false), target, sharing: image))
        return image
    }
}

/// Graphs whose nodes become one step, or share memory.
enum Chains {
    static let all: [(name: String, graph: @Sendable () throws -> Graph)] = [
        ("separable", { try block(32) }), ("separable with stride", { try block(33, stride: 2) }),
        ("strassen", { try product(rows: 320, inner: 320, columns: 320) }),
        ("product of one row", { try product(rows: 1, inner: 40, columns: 24) }),
        ("winograd", { try convolution(channels: 16, side: 16) }),
        ("winograd with stride", { try convolution(channels: 32, side: 24, stride: 2) }),
        ("few channels", { try convolution(channels: 3, side: 12, kernel: 7, stride: 2) }), ("concatenation", concatenation),
        ("state", state),
    ]

    private static func weights(_ shape: [Int]) throws -> Tensor { try Tensor.random(seed: UInt64(shape.reduce(7, +)), shape: shape) }

    private static func conv(_ builder: inout GraphBuilder, _ x: Value, _ shape: [Int], stride: Int = 1, group: Int = 1) throws -> Value {
        let pad = Dim(shape[2] / 2)
        let op = Conv(strides: [stride, stride], pads: [pad, pad, pad, pad], group: group)
        return try builder.add1(op, [x, builder.constant(weights(shape)), builder.constant(weights([shape[0]]))])
    }

    private static func block(_ side: Int, stride: Int = 1) throws -> Graph {
        var builder = GraphBuilder(name: "block")
        let x = try builder.input("x", TensorType(.float32, [1, 32, Dim(side), Dim(side)]))
        var y = try builder.add1(Clip(min: 0, max: 6), [conv(&builder, x, [320, 32, 1, 1])])
        y = try builder.add1(Clip(min: 0, max: 6), [conv(&builder, y, [320, 1, 3, 3], stride: stride, group: 320)])
        y = try conv(&builder, y, [32, 320, 1, 1])
        try builder.output("y", stride == 1 ? builder.add1(Binary(.add), [y, x]) : y)
        return builder.graph
    }

    private static func product(rows: Int, inner: Int, columns: Int) throws -> Graph {
        var builder = GraphBuilder(name: "product")
        let x = try builder.input("x", TensorType(.float32, [Dim(rows), Dim(inner)]))
        let y = try builder.add1(MatMul(), [x, builder.constant(weights([inner, columns]))])
        try builder.output("y", builder.add1(Unary(.relu), [y]))
        return builder.graph
    }

    private static func convolution(channels: Int, side: Int, kernel: Int = 3, stride: Int = 1) throws -> Graph {
        var builder = GraphBuilder(name: "convolution")
        let x = try builder.input("x", TensorType(.float32, [1, Dim(channels), Dim(side), Dim(side)]))
        let y = try builder.add1(Unary(.relu), [conv(&builder, x, [32, channels, kernel, kernel], stride: stride)])
        let z = try builder.add1(Binary(.add), [conv(&builder, y, [32, 32, 3, 3]), y])
        try builder.output(
            "y",
            builder.add1(
                Reduce(.mean, axes: [2, 3]), [builder.add1(Pool(.max, kernel: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0]), [z])]))
        return builder.graph
    }

    private static func concatenation() throws -> Graph {
        var builder = GraphBuilder(name: "concatenation")
        let x = try builder.input("x", TensorType(.float32, [1, 8, 6, 6]))
        let parts = [try conv(&builder, x, [8, 8, 3, 3]), try conv(&builder, x, [8, 8, 1, 1]), try builder.add1(Unary(.tanh), [x])]
        let y = try builder.add1(Concat(axis: 1), parts)
        try builder.output("y", builder.add1(Softmax(.softmax, axis: 1), [y]))
        return builder.graph
    }

    static func perceptronParameters() throws -> [Tensor] { try [[4, 1, 3, 3], [4], [64, 3]].map(weights) }

    /// A convolution and a dense layer over any number of images: the squared error, and where `isStep` is set the weights that
    /// go down its gradient.
    static func perceptron(_ parameters: [Tensor], isStep: Bool) throws -> Graph {
        var builder = GraphBuilder(name: isStep ? "step" : "evaluation")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 1, 6, 6]))
        let target = try builder.input("target", TensorType(.float32, [Dim(symbol: "N"), 3]))
        let names = ["filters", "bias", "weights"]
        let states = try zip(names, parameters).map { name, tensor in
            try builder.state(name, TensorType(.float32, Shape(constants: tensor.shape)), initial: tensor)
        }
        let conv = Conv(strides: [1, 1], pads: [0, 0, 0, 0])
        let hidden = try builder.add1(Unary(.relu), [builder.add1(conv, [x, states[0], states[1]])])
        let flat = try builder.add1(Reshape(shape: [Dim(symbol: "N"), 64]), [hidden])
        let y = try builder.add1(MatMul(), [flat, states[2]])
        try builder.output("y", y)
        guard isStep else { return builder.graph }
        let error = try builder.add1(Binary(.sub), [y, target])
        let loss = try builder.add1(Reduce(.sumSquare, axes: [0, 1], keepDims: false), [error])
        try builder.output("loss", loss)
        let gradients = try builder.add(Gradient(), [loss] + states)
        let rate = builder.constant(try Tensor([0.01] as [Float], shape: []))
        for (index, name) in names.enumerated() {
            try builder.next(name, builder.add1(Binary(.sub), [states[index], builder.add1(Binary(.mul), [gradients[index], rate])]))
        }
        return builder.graph
    }

    private static func state() throws -> Graph {
        var builder = GraphBuilder(name: "state")
        let x = try builder.input("x", TensorType(.float32, [4, 8]))
        let h = try builder.state("h", TensorType(.float32, [4, 8]))
        let y = try builder.add1(Binary(.add), [builder.add1(MatMul(), [x, builder.constant(weights([8, 8]))]), h])
        try builder.next("h", y)
        try builder.output("y", builder.add1(Unary(.exp), [y]))
        return builder.graph
    }
}
