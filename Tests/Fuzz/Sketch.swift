import DLC

/// A graph that can be edited: steps over numbered values, turned into a graph by `build`, which infers every type anew.
///
/// An edit may leave nonsense behind; `build` then throws, and whoever made the edit drops it.
struct Sketch: Sendable {
    struct Input: Sendable {
        var name: String
        var type: TensorType
        var id: Int
    }

    struct Step: Sendable {
        var op: any Operator
        var operands: [Int?]
        var results: [Int]

        var constant: Tensor? { (op as? Constant)?.value }
    }

    struct Output: Sendable {
        var name: String
        var id: Int
    }

    var inputs: [Input] = []
    /// In topological order.
    var steps: [Step] = []
    var outputs: [Output] = []
    var metadata: [String: String] = [:]
    var stage = Stage.imported
    private var count = 0

    init() {}

    /// The graph's nodes; the ids are the indexes of its values.
    init(_ graph: Graph) {
        inputs = graph.inputs.map { Input(name: $0.name, type: graph.type($0.value), id: $0.value.index) }
        steps = graph.nodes.map { Step(op: $0.op, operands: $0.operands.map { $0?.index }, results: $0.results.map(\.index)) }
        outputs = graph.outputs.map { Output(name: $0.name, id: $0.value.index) }
        metadata = graph.metadata
        stage = graph.stage
        count = graph.valueCount
    }

    mutating func newID() -> Int {
        count += 1
        return count - 1
    }

    @discardableResult
    mutating func addInput(_ type: TensorType) -> Int {
        let id = newID()
        let taken = Set(inputs.map(\.name))
        let name = (0...).lazy.map { "x\($0)" }.first { !taken.contains($0) }
        inputs.append(Input(name: name ?? "x", type: type, id: id))
        return id
    }

    /// Adds a step, at the end or in front of the step at `index`.
    mutating func add(_ op: any Operator, _ operands: [Int?], results: Int = 1, at index: Int? = nil) -> [Int] {
        let ids = (0..<results).map { _ in newID() }
        steps.insert(Step(op: op, operands: operands, results: ids), at: index ?? steps.count)
        return ids
    }

    mutating func addConstant(_ tensor: Tensor, at index: Int? = nil) -> Int { add(Constant(tensor), [], at: index)[0] }

    mutating func addOutput(_ id: Int) {
        guard !outputs.contains(where: { $0.id == id }) else { return }
        let taken = Set(outputs.map(\.name))
        let name = (0...).lazy.map { "y\($0)" }.first { !taken.contains($0) }
        outputs.append(Output(name: name ?? "y", id: id))
    }

    /// Lets every reader of `old`, outputs included, read `new`; steps before `index` stay as they are.
    mutating func replaceUses(of old: Int, by new: Int, from index: Int = 0) {
        for i in steps.indices where i >= index {
            steps[i].operands = steps[i].operands.map { $0 == old ? new : $0 }
        }
        for i in outputs.indices where outputs[i].id == old { outputs[i].id = new }
    }

    /// Drops steps that no output needs, and inputs that nothing reads.
    mutating func dropUnused() {
        var live = Set(outputs.map(\.id))
        var kept: [Step] = []
        for step in steps.reversed() where step.results.contains(where: live.contains) {
            live.formUnion(step.operands.compactMap { $0 })
            kept.append(step)
        }
        steps = kept.reversed()
        inputs.removeAll { !live.contains($0.id) }
    }

    /// The number of steps that are no constants.
    var size: Int { steps.count { $0.constant == nil } }

    var symbols: [String] { Set(inputs.flatMap { $0.type.shape.flatMap(\.symbols) }).sorted() }

    /// - Throws: where inference refuses a step.
    func build() throws -> Graph {
        var (builder, values) = try built()
        for output in outputs {
            guard let value = values[output.id] else { throw DLCError("output \(output.name) is not computed") }
            try builder.output(output.name, value)
        }
        return builder.graph.withoutDeadNodes()
    }

    /// The facts of all values by id.
    /// - Throws: as `build`.
    func facts() throws -> [Int: Fact] {
        let (builder, values) = try built()
        return values.mapValues { builder.fact($0) }
    }

    /// - Parameter states: initial values of inputs that are states.
    func built(states: [String: Tensor] = [:]) throws -> (GraphBuilder, [Int: Value]) {
        var builder = GraphBuilder(name: "fuzz", stage: stage)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { builder.setMetadata(key, value) }
        var values: [Int: Value] = [:]
        for input in inputs {
            if let initial = states[input.name] {
                values[input.id] = try builder.state(input.name, input.type, initial: initial)
            } else {
                values[input.id] = try builder.input(input.name, input.type)
            }
        }
        for step in steps {
            let operands = try step.operands.map { id -> Value? in
                guard let id else { return nil }
                guard let value = values[id] else { throw DLCError("value \(id) is read before it is computed") }
                return value
            }
            let results = try step.constant.map { [builder.constant($0)] } ?? builder.add(step.op, operands)
            for (id, value) in zip(step.results, results) { values[id] = value }
        }
        return (builder, values)
    }
}

/// Operators by name, with attributes in the forms of the text.
func make(_ name: String, _ attributes: [String: AttributeValue] = [:]) throws -> any Operator {
    guard let definition = AllOps.definitions.first(where: { $0.name == name }) else { throw DLCError("there is no operator \(name)") }
    return try attributes.sorted { $0.key < $1.key }.reduce(definition.prototype) { try $0.setting($1.key, to: $1.value) }
}

extension Sketch {
    /// Another extent in constants and attributes, wherever the number stands.
    mutating func replaceExtents(ofSteps old: Int, by new: Dim) throws {
        for index in steps.indices {
            if let tensor = steps[index].constant {
                guard let size = new.constant, tensor.shape.contains(old) else { continue }
                steps[index].op = Constant(try tensor.fitted(to: tensor.shape.map { $0 == old ? size : $0 }))
                continue
            }
            for (name, value) in steps[index].op.attributes {
                guard case .dims(let dims) = value, dims.contains(where: { $0.constant == old }), name != "pads" else { continue }
                steps[index].op = try steps[index].op.setting(name, to: .dims(dims.map { $0.constant == old ? new : $0 }))
            }
        }
    }
}
