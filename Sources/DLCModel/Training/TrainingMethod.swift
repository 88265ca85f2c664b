import DLCGraph

/// What a training is told by a call such as `adam(1e-3)` or `cosine(0.1, steps: 1000)`: an optimiser, a schedule, a way of
/// clipping or of averaging. Its arguments are properties with defaults.
public protocol TrainingMethod {
    var definition: MethodDefinition { get }

    /// - Throws: where arguments do not fit, alone or together.
    func check() throws
}

extension TrainingMethod {
    public func check() throws {}
}

/// What is declared once about a method, for the language, the Swift builder and the reference page.
public struct MethodDefinition: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case optimiser, schedule
        case clipping = "way of clipping"
        case average
    }

    public let kind: Kind
    /// The name in a model file.
    public let name: String
    /// What it computes.
    public let doc: String
    /// Where it comes from.
    public let source: String?
    public let arguments: [LayerArgument]
    /// The method with its default arguments.
    let make: @Sendable () -> any TrainingMethod

    /// - Parameter prototype: carries the defaults of the arguments.
    init<M: TrainingMethod>(
        _ kind: Kind, _ prototype: @autoclosure @escaping @Sendable () -> M, name: String, doc: String, source: String? = nil,
        @LayerArgumentBuilder<M> arguments: () -> [Argument<M>] = { [] }
    ) {
        self.kind = kind
        self.name = name
        self.doc = doc
        self.source = source
        make = { prototype() }
        let defaults = prototype()
        self.arguments = arguments().map { LayerArgument($0, defaults: defaults) }
    }

    /// A call in a model file with every argument: `sgd(rate: 0.001, …)`.
    public var signature: String {
        let required = arguments.filter { $0.use == .required }.map(\.name)
        return
            "\(name)(\((required + arguments.filter { $0.use != .required }.map { "\($0.name): \($0.defaultText)" }).joined(separator: ", ")))"
    }

    /// The method that a call makes.
    /// - Throws: `CallProblems`.
    func matching(_ call: [CallArgument]) throws -> any TrainingMethod {
        var method = make()
        var given: Set<String> = []
        var problems: [CallProblem] = []
        let positional = arguments.filter { $0.use != .labelled }
        for (index, argument) in call.enumerated() {
            let known =
                argument.label.map { label in arguments.first { $0.name == label } } ?? positional.first { !given.contains($0.name) }
            guard let known else {
                let names = arguments.map(\.name)
                let message =
                    argument.label.map { "\(name) has no argument \($0); it takes \(names.joined(separator: ", "))" }
                    ?? "\(name) takes no more than \(positional.map(\.name).joined(separator: ", ")) without a label, found \(argument.value.found)"
                problems.append(CallProblem(argument: index, message: message, candidates: argument.label == nil ? [] : names))
                continue
            }
            do {
                guard given.insert(known.name).inserted else { throw DLCError("\(known.name) is given twice") }
                method = try set(known, of: method, argument.value)
            } catch {
                problems.append(CallProblem(argument: index, message: "\(error)"))
            }
        }
        for argument in arguments where argument.use == .required && !given.contains(argument.name) {
            problems.append(CallProblem(argument: nil, message: "\(name) needs \(argument.name), \(argument.kind): \(argument.doc)"))
        }
        if problems.isEmpty {
            do { try method.check() } catch { problems.append(CallProblem(argument: nil, message: "\(name): \(error)")) }
        }
        if !problems.isEmpty { throw CallProblems(problems: problems) }
        return method
    }

    private func set(_ argument: LayerArgument, of method: any TrainingMethod, _ value: ArgumentValue) throws -> any TrainingMethod {
        try argument.setting(method, value)
    }
}

extension TrainingMethod {
    /// - Throws: where the number is outside of a range.
    func within(_ value: Double, _ name: String, _ range: ClosedRange<Double>) throws {
        guard range.contains(value) else {
            let most =
                range.upperBound == .greatestFiniteMagnitude ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            throw DLCError("\(name) is \(value); expected \(most)")
        }
    }

    func nonNegative(_ value: Double, _ name: String) throws { try within(value, name, 0...(.greatestFiniteMagnitude)) }

    func positive(_ value: Int, _ name: String) throws {
        guard value >= 1 else { throw DLCError("\(name) is \(value); expected at least 1") }
    }
}
