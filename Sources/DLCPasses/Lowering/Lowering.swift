import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

/// Turns a laid-out graph into a plan: settles where every value lies, chooses kernels, packs weights, emits steps.
///
/// Reshapes, transposes, slices and expansions become views where their readers can stride; a concatenation's parts are
/// computed in place. What a kernel cannot read as it lies is copied by an explicit step.
public struct Lowering {
    let graph: Graph
    let options: CompileOptions
    var target: Target { options.target }
    var image: PlanImage
    /// Products whose constant matrices have few bits, by the index of the result.
    private(set) var compactProducts: [Int: (right: Plan.Operand, packing: ProductPacking)] = [:]
    /// Settled for all layers together, by the index of the result.
    private(set) var algorithms: [Int: dlc_conv_algorithm] = [:]
    /// Of those, the layers whose weights are packed when the model is loaded.
    private(set) var packedAtLoad: Set<Int> = []
    /// Where each value lies, by index.
    private var views: [Plan.Operand?]
    /// Contiguous copies made for kernels that need them.
    private var copies: [Int: Plan.Operand] = [:]
    /// Parts of concatenations that are computed in place: value → (concat's result, operand position).
    private var placements: [Int: (concat: Node, position: Int)] = [:]
    /// Operands packed for kernels.
    var packings: [PackingKey: Plan.Operand] = [:]
    /// The gates of recurrent layers that their gradients read, by the index of y.
    var savedGates: [Int: Plan.Operand] = [:]
    /// The statistics of attention's weights that its gradients read, by the index of y.
    var savedStatistics: [Int: Plan.Operand] = [:]
    /// The gradients of attention, by the index of the y that they were given.
    let attentionGradients: [Int: [Node]]
    private(set) var bufferBytes: [Dim] = []
    /// What each state is at the next run.
    private(set) var nextValues: [Plan.Operand] = []
    let useCounts: [Int]
    /// Initial values of the states of the image that this one shares constants with.
    private let initials: [String: (index: Int, value: Tensor)]

    /// - Parameter other: an image whose constants the new one begins with, as a further program's does.
    /// - Throws: where an operator has no kernel for its types, naming the node.
    public static func plan(_ graph: Graph, _ options: CompileOptions, sharing other: PlanImage? = nil) throws -> PlanImage {
        var lowering = Lowering(graph, options, sharing: other)
        try lowering.run()
        return lowering.image
    }

    private init(_ graph: Graph, _ options: CompileOptions, sharing other: PlanImage?) {
        self.graph = graph
        self.options = options
        let plan = Plan(name: graph.name, target: options.target)
        image = other.map { PlanImage(plan: plan, sharing: $0) } ?? PlanImage(plan: plan)
        views = [Plan.Operand?](repeating: nil, count: graph.valueCount)
        useCounts = graph.useCounts()
        let gradients = graph.nodes.filter { $0.op is AttentionGradient }
        attentionGradients = Dictionary(grouping: gradients) { $0.operands[AttentionGradient.yPosition]?.index ?? -1 }
        let states = other.map { $0.plan.states + $0.plan.programs.flatMap(\.states) } ?? []
        initials = Dictionary(states.compactMap { state in other.map { (state.name, (state.initial, $0.constants[state.initial])) } }) {
            first, _ in first
        }
    }

    private mutating func run() throws {
        placeConcatenations()
        compactProducts = try packCompactProducts()
        (algorithms, packedAtLoad) = try chooseAlgorithms()
        image.update {
            $0.metadata = graph.metadata
            $0.constraints = graph.constraints
            $0.settled = graph.settled
        }
        for port in graph.inputs {
            let type = graph.type(port.value)
            let location = Plan.Location.input(image.plan.inputs.count)
            try enter(port.value, at: location)
            let input = Plan.Port(
                name: port.name, type: type.element, shape: type.shape, declared: graph.declaredShapes[port.name], location: location)
            image.update { $0.inputs.append(input) }
        }
        for state in graph.states { try addState(state) }
        for node in graph.nodes {
            if node.op is Constant { continue }
            try located("\(node.op.name) \(node.name)") { try lower(node) }
        }
        for port in graph.outputs { try addOutput(port) }
        nextValues = try graph.states.map { try view($0.next) }
        try joinSeparable()
        try settleStates()
        try fitBudget()
        try finishBuffers()
    }

    // MARK: Reading

    /// The value where it lies.
    mutating func view(_ value: Value) throws -> Plan.Operand {
        if let view = views[value.index] { return view }
        guard let tensor = graph.constant(value) else { throw DLCError("a value is read before it is computed") }
        let view = try constant(tensor)
        views[value.index] = view
        return view
    }

    /// A constant of the file.
    mutating func constant(_ tensor: Tensor) throws -> Plan.Operand {
        let shape = Shape(constants: tensor.shape)
        return Plan.Operand(
            location: .constant(image.add(tensor)), type: tensor.type.inKernels, shape: shape, strides: try Plan.Operand.rowMajor(shape))
    }

    /// The value without gaps, copied where needed.
    mutating func contiguous(_ value: Value) throws -> Plan.Operand {
        let view = try view(value)
        if try view.isContiguous() { return view }
        if let copy = copies[value.index] { return copy }
        let copy = try copied(view, name: graph.name(of: value) ?? "")
        copies[value.index] = copy
        return copy
    }

    /// The value with neighbours along its last dimension next to each other and the other dimensions at any strides.
    mutating func innerContiguous(_ value: Value) throws -> Plan.Operand {
        let view = try view(value)
        guard let stride = view.strides.last, let extent = view.shape.last else { return view }
        return stride == 1 || extent.constant == 1 ? view : try contiguous(value)
    }

    /// The value as rows of `[pixels, channels]` at one distance, and that distance: for channels-last tensors.
    mutating func pixels(_ value: Value) throws -> (operand: Plan.Operand, stride: Dim) {
        let view = try view(value)
        if let stride = try Self.pixelStride(view), stride != 0, stride.constant.map({ $0 > 0 }) ?? true { return (view, stride) }
        let copy = try contiguous(value)
        return (copy, copy.shape.last ?? 1)
    }

    /// The distance of neighbouring pixels where all dimensions but the last are equally spaced rows.
    static func pixelStride(_ view: Plan.Operand) throws -> Dim? {
        guard let channels = view.shape.last, let inner = view.strides.last, inner == 1 || channels.constant == 1 else { return nil }
        var expected: Dim?
        for (extent, stride) in zip(view.shape, view.strides).dropLast().reversed() where extent.constant != 1 {
            if let expected, stride != expected { return nil }
            expected = try stride.times(extent)
        }
        let first = zip(view.shape, view.strides).dropLast().last { $0.0.constant != 1 }
        return first?.1 ?? channels
    }

    // MARK: Writing

    /// Where a result shall lie: its place in a concatenation, or a new buffer.
    mutating func destination(_ value: Value) throws -> Plan.Operand {
        if let view = views[value.index] { return view }
        let type = graph.type(value)
        var view: Plan.Operand
        if let (concat, position) = placements[value.index], let op = concat.op as? Concat {
            view = try destination(concat.results[0])
            let axis = try InferenceRules.axis(op.axis, rank: view.shape.count)
            for operand in concat.operands.prefix(position) {
                guard let operand else { continue }
                view.offset = try view.offset.plus(graph.shape(operand)[axis].times(view.strides[axis]))
            }
            // The other extents are those of the concatenation, however they are spelled, so that they go with its strides.
            view.shape[axis] = type.shape[axis]
            if Self.writesPixels(graph.producer(of: value)?.op), try Self.pixelStride(view) == nil {
                placements[value.index] = nil
                view = try buffer(type.element, type.shape)
            }
        } else {
            view = try buffer(type.element, type.shape)
        }
        views[value.index] = view
        return view
    }

    /// A new buffer in row-major order.
    mutating func buffer(_ type: ElementType, _ shape: Shape) throws -> Plan.Operand {
        let type = type.inKernels
        bufferBytes.append(try shape.product().times(Dim(type.size)))
        return Plan.Operand(
            location: .buffer(bufferBytes.count - 1), type: type, shape: shape, strides: try Plan.Operand.rowMajor(shape))
    }

    /// A new buffer as large as another.
    mutating func addBuffer(like other: Int) throws -> Int {
        bufferBytes.append(bufferBytes[other])
        return bufferBytes.count - 1
    }

    /// Lets a value lie where a view says, without a step.
    mutating func alias(_ value: Value, to view: Plan.Operand) throws {
        if placements[value.index] != nil {
            let target = try destination(value)
            try emitCopy(from: view, to: target, name: graph.name(of: value) ?? "")
        } else {
            views[value.index] = view
        }
    }

    /// A contiguous copy of a view.
    mutating func copied(_ view: Plan.Operand, name: String) throws -> Plan.Operand {
        let copy = try buffer(view.type, view.shape)
        try emitCopy(from: view, to: copy, name: name)
        return copy
    }

    mutating func emitCopy(from source: Plan.Operand, to target: Plan.Operand, name: String) throws {
        emit(Plan.Step(kernel: CopyKernel(), name: name, summary: "copy", operands: [source], results: [target]))
    }

    /// Adds a step.
    mutating func emit(_ step: Plan.Step) { image.update { $0.steps.append(step) } }

    /// Adds a step for a node.
    mutating func emit(
        _ kernel: some Kernel, _ node: Node, summary: String? = nil, operands: [Plan.Operand?], results: [Plan.Operand?],
        operations: Dim = 0
    ) {
        let name = node.name.isEmpty ? node.results.first.flatMap { graph.name(of: $0) } ?? "" : node.name
        emit(
            Plan.Step(
                kernel: kernel, name: name, summary: summary ?? node.op.name, operands: operands, results: results,
                operations: operations))
    }

    // MARK: Concatenation

    /// Decides which operands of concatenations are computed in place, later concatenations first so that they nest.
    private mutating func placeConcatenations() {
        let results = Set(graph.results.map(\.index))
        for node in graph.nodes.reversed() {
            guard node.op is Concat else { continue }
            for (position, operand) in node.operands.enumerated() {
                guard let operand, placements[operand.index] == nil, !results.contains(operand.index),
                    let producer = graph.producer(of: operand), Self.writesAnywhere(producer.op),
                    producer.op is any PlacesAllResults
                        || (producer.results[0] == operand && producer.results.dropFirst().allSatisfy({ useCounts[$0.index] == 0 })),
                    node.operands.filter({ $0 == operand }).count == 1
                else { continue }
                placements[operand.index] = (node, position)
            }
        }
    }

    /// Whether a concatenation's operand still has to be copied into it.
    func isPlaced(_ value: Value, in node: Node, at position: Int) -> Bool {
        placements[value.index].map { $0.concat.results == node.results && $0.position == position } ?? false
    }

    // MARK: Finishing

    private mutating func addOutput(_ port: Graph.Port) throws {
        let location = try wholeMemory(of: port)
        let type = graph.type(port.value)
        image.update { $0.outputs.append(Plan.Port(name: port.name, type: type.element, shape: type.shape, location: location)) }
    }

    /// Lets a value lie at the beginning of some memory.
    private mutating func enter(_ value: Value, at location: Plan.Location) throws {
        let type = graph.type(value)
        views[value.index] = Plan.Operand(
            location: location, type: type.element.inKernels, shape: type.shape, strides: try Plan.Operand.rowMajor(type.shape))
    }

    private mutating func addState(_ state: Graph.State) throws {
        try enter(state.value, at: .state(image.plan.states.count))
        let known = initials[state.name].flatMap { $0.value == state.initial ? $0.index : nil }
        try image.add(state, graph.type(state.value), initial: known)
    }

    /// Memory that holds the value in row-major order from its first byte, and that no state's next value will change.
    private mutating func wholeMemory(of port: Graph.Port) throws -> Plan.Location {
        let view = try view(port.value)
        if case .state = view.location { return try copied(view, name: port.name).location }
        let startsAtZero = view.offset == 0
        return try startsAtZero && view.isContiguous() ? view.location : copied(view, name: port.name).location
    }

    /// Memory that must keep what is in it when the last step has run.
    var keptLocations: [Plan.Location] { image.plan.outputs.map(\.location) + nextValues.map(\.location) }

    /// Computes lifetimes and lets results that somebody reads take over the memory of operands that end.
    mutating func finishBuffers() throws {
        var plan = image.plan
        var first = [Int](repeating: .max, count: bufferBytes.count)
        var last = [Int](repeating: -1, count: bufferBytes.count)
        for (index, step) in plan.steps.enumerated() {
            for case let operand? in step.operands + step.results {
                guard case .buffer(let buffer) = operand.location else { continue }
                first[buffer] = min(first[buffer], index)
                last[buffer] = max(last[buffer], index)
            }
        }
        for port in plan.outputs {
            guard case .buffer(let buffer) = port.location else { continue }
            last[buffer] = plan.steps.count  // beyond the last step, so that no step takes it over
        }
        var owner = Array(bufferBytes.indices)
        func root(_ buffer: Int) -> Int {
            var buffer = buffer
            while owner[buffer] != buffer { buffer = owner[buffer] }
            return buffer
        }
        func root(_ operand: Plan.Operand?) -> Int? {
            if case .buffer(let buffer)? = operand?.location { root(buffer) } else { nil }
        }
        for (index, step) in plan.steps.enumerated() {
            for (result, target) in step.results.enumerated() {
                for operand in step.replaceable(by: result, at: root) {
                    guard let a = root(step.operands[operand]), let b = root(target), a != b, last[a] == index, first[b] == index,
                        last[b] > index, bufferBytes[a] == bufferBytes[b]
                    else { continue }
                    owner[b] = a
                    last[a] = last[b]
                }
            }
        }
        var numbers: [Int: Int] = [:]
        for buffer in bufferBytes.indices where root(buffer) == buffer && last[buffer] >= 0 {
            numbers[buffer] = plan.buffers.count
            // Nothing writes a buffer without elements, such as the concatenation of empty parts.
            let firstStep = min(first[buffer], last[buffer])
            plan.buffers.append(Plan.Buffer(bytes: bufferBytes[buffer], firstStep: firstStep, lastStep: last[buffer]))
        }
        func renumber(_ location: inout Plan.Location) {
            if case .buffer(let buffer) = location { location = .buffer(numbers[root(buffer)] ?? 0) }
        }
        for index in plan.steps.indices {
            for i in plan.steps[index].operands.indices where plan.steps[index].operands[i] != nil {
                renumber(&plan.steps[index].operands[i]!.location)
            }
            for i in plan.steps[index].results.indices where plan.steps[index].results[i] != nil {
                renumber(&plan.steps[index].results[i]!.location)
            }
        }
        for index in plan.outputs.indices { renumber(&plan.outputs[index].location) }
        image.update { $0 = plan }
    }
}
