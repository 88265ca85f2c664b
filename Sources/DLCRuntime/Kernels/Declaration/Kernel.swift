/// A kernel with its parameters, as a step of a plan calls it.
///
/// Properties are the parameters. `visit` names each of them once: encoding, decoding, printing and the revision that a
/// plan is held to follow from it. `definition` says what operands and results must be; a step is held to it before
/// `prepare` is called. One line in `KernelTable` makes a kernel known.
package protocol Kernel: FieldGroup {
    /// The name in plans and profiles.
    static var name: String { get }
    static var definition: KernelDefinition { get }

    /// Makes a step ready whose operands and results fit the definition.
    /// - Throws: where a parameter makes no sense for these shapes, saying which and what would be right.
    func prepare(_ step: BoundStep) throws -> PreparedKernel

    /// What profiles call it: the name, and the algorithm where there are several.
    var label: String { get }

    /// Operations that the algorithm makes where the definition has `operations`.
    func performed(_ operations: Double, _ shapes: StepShapes) -> Double

    /// How often the kernel reads an operand of the step's list from memory, a fraction where it reads only some of it.
    func passes(over operand: Int, _ shapes: StepShapes) -> Double
}

extension Kernel {
    package var label: String { Self.name }

    package func performed(_ operations: Double, _ shapes: StepShapes) -> Double { operations }

    package func passes(over operand: Int, _ shapes: StepShapes) -> Double {
        let rules = Self.definition.operands
        guard rules[min(operand, rules.count - 1)].isSampled else { return 1 }
        let (elements, results) = (
            shapes.elements(rules[min(operand, rules.count - 1)].name), shapes.elements(Self.definition.results[0].name)
        )
        return elements > 0 ? min(1, results / elements) : 1
    }
}

/// What is declared about a kernel, but for its parameters.
package struct KernelDefinition: Sendable {
    /// Operands in the order of a step's list.
    package let operands: [OperandRule]
    package let results: [OperandRule]
    /// Whether the kernel reports data that it cannot handle, such as an index outside its tensor.
    package let reportsStatus: Bool
    /// What is wrong with data that it reports.
    let complaint: String
    /// How many extents and groups of extents the shapes name.
    let names: (extents: Int, groups: Int)

    /// - Parameters:
    ///   - operands: all operands; what an optional one or a repeated one is, `OperandRule` says.
    package init(
        operands: [OperandRule], results: [OperandRule], reportsStatus: Bool = false,
        complaint: String = "an index or a length lies outside its tensor"
    ) {
        var names = ShapeNames()
        self.operands = operands.map { $0.resolved(&names) }
        self.results = results.map { $0.resolved(&names) }
        self.reportsStatus = reportsStatus
        self.complaint = complaint
        self.names = (names.extents.count, names.groups.count)
    }

    /// Whether a result may lie where the operand at a place of a step's list does.
    func isReplaceable(_ operand: Int) -> Bool { operands[min(operand, operands.count - 1)].isReplaceable }

    /// Places that a step's list has at least.
    func requiredPlaces(_ rules: [OperandRule]) -> Int { rules.count - (rules.last?.presence == .repeated ? 1 : 0) }
}

/// The shapes of a step, by name, for ratings.
package struct StepShapes {
    private let shapes: [(name: String, shape: [Double])]

    package init(_ step: Plan.Step, _ bindings: [String: Int]) {
        let definition = step.definition
        shapes = (Array(zip(definition.operands, step.operands)) + Array(zip(definition.results, step.results))).compactMap {
            rule, operand in
            guard let operand, let shape = try? operand.shape.map({ Double(try $0.evaluate(bindings)) }) else { return nil }
            return (rule.name, shape)
        }
    }

    /// The extents of an operand or a result; none where it is missing.
    package subscript(_ name: String) -> [Double] { shapes.first { $0.name == name }?.shape ?? [] }

    package func elements(_ name: String) -> Double { self[name].reduce(1, *) }
}
