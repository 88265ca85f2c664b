import DLC

/// A Swift source with a type for one compiled model: inputs become parameters, outputs become properties.
///
/// A network without state is a value that tasks share. One that keeps state is an object for one sequence.
struct TypedInterface {
    let plan: Plan
    /// The compiled file's name without its extension, as it stands in the resource bundle.
    let resource: String
    /// The model that it was compiled from, for the comment.
    let source: String

    init(_ plan: Plan, resource: String, source: String) {
        self.plan = plan
        self.resource = resource
        self.source = source
    }

    var text: String {
        if isTraining { return trainingText }
        return """
            // Written by `dlc build --swift`. Do not edit.
            import DLCRuntime
            import Foundation

            /// The network \(Self.comment(source)), compiled into \(Self.comment(resource)).dlc.
            ///
            \(plan.states.isEmpty ? sharedHead : objectHead)
            \(results)

            \(plan.states.isEmpty ? sharedMembers : objectMembers)
            }

            """
    }

    private var typeName: String { SwiftNames.type(resource) }

    /// What inputs and outputs are in dictionaries: values where one of them is a sequence or an optional.
    private var held: String { Self.held(plan.inputs + plan.outputs) }
    private var label: String { held == "Tensor" ? "_" : "values" }

    static func held(_ ports: [Plan.Port]) -> String { ports.contains { $0.container != nil } ? "Datum" : "Tensor" }

    /// The Swift type of an input or output.
    static func swiftType(_ port: Plan.Port) -> String {
        switch port.container?.kind {
        case nil: "Tensor"
        case .sequence: "[Tensor]"
        case .optional: "Tensor?"
        case .optionalSequence: "[Tensor]?"
        }
    }

    // MARK: Without state

    private var sharedHead: String {
        """
        /// May be shared between tasks: calls at the same time run in sessions of their own.
        public struct \(typeName): Sendable {
        """
    }

    private var sharedMembers: String {
        """
            /// The compiled model, for sessions of your own.
            public let model: CompiledModel
            private let sessions: Sessions

            /// Loads the compiled file from this module's resources.
            /// - Parameter threads: threads that a run computes with; nil takes the processors available.
            public init(threads: Int? = nil) throws {
        \(findResource)
                model = try CompiledModel(contentsOf: path)
                sessions = Sessions(model, threads: threads)
            }

        \(run("sessions"))

            /// Sessions that wait for work. The lock guards the array; a session that runs is in nobody else's hands.
            private final class Sessions: @unchecked Sendable {
                private let model: CompiledModel
                private let threads: Int?
                private let lock = NSLock()
                private var idle: [Session] = []

                init(_ model: CompiledModel, threads: Int?) {
                    self.model = model
                    self.threads = threads
                }

                func run(\(label) inputs: [String: \(held)]) throws -> [String: \(held)] {
                    let session = try lock.withLock { idle.popLast() } ?? Session(model, threads: threads)
                    defer { lock.withLock { idle.append(session) } }
                    return try session.run(\(held == "Tensor" ? "" : "values: ")inputs)
                }
            }
        """
    }

    // MARK: With state

    private var objectHead: String {
        let states = plan.states.map { "`\(Self.comment($0.name))`: \($0.type)\($0.shape)" }.joined(separator: ", ")
        return """
            /// Keeps \(states) from run to run. Used by one task at a time; sequences that go on
            /// beside each other take an object each.
            public final class \(typeName) {
            """
    }

    private var objectMembers: String {
        """
            /// Runs the network and keeps its states, which can be read, set and reset here.
            public let session: Session

            /// Loads the compiled file from this module's resources.
            /// - Parameter threads: threads that a run computes with; nil takes the processors available.
            public convenience init(threads: Int? = nil) throws {
        \(findResource)
                try self.init(CompiledModel(contentsOf: path), threads: threads)
            }

            /// A further sequence over a model that is loaded already: that of another object's `session.model`.
            public init(_ model: CompiledModel, threads: Int? = nil) throws {
                session = try Session(model, threads: threads)
            }

        \(run("session"))
        """
    }

    // MARK: Either way

    /// What a run gives.
    private var results: String { Self.results("Outputs", "What a run gives.", plan.outputs, held: held) }

    /// A type with a property per output.
    /// - Parameters:
    ///   - scalars: the Swift types of scalars; the others are tensors.
    ///   - held: what the dictionary of a run holds.
    static func results(
        _ type: String, _ documentation: String, _ outputs: [Plan.Port], scalars: [ElementType: String] = [:], held: String = "Tensor"
    ) -> String {
        let names = SwiftNames.values(outputs.map(\.name))
        let types = outputs.map { $0.shape.isEmpty ? scalars[$0.type] : nil }
        let properties = zip(zip(outputs, names), types).map { port, type in
            "        /// Output \(describe(port.0))\n        public let \(port.1): \(type ?? swiftType(port.0))"
        }.joined(separator: "\n")
        let reads = zip(zip(outputs, names), types).map { port, type in
            let part =
                switch port.0.container?.kind {
                case nil: held == "Tensor" ? "" : ".tensor"
                case .sequence: ".tensors"
                case .optional: ".optional"
                case .optionalSequence: ".optionalTensors"
                }
            let number = type.map { ".array(of: \($0).self)[0]" } ?? part
            return "            self.\(port.1) = try Self.tensor(\(literal(port.0.name)), of: tensors)\(number)"
        }.joined(separator: "\n")
        return """
                /// \(documentation)
                public struct \(type): Sendable {
            \(properties)

                    fileprivate init(_ tensors: [String: \(held)]) throws {
            \(reads)
                    }

                    private static func tensor(_ name: String, of tensors: [String: \(held)]) throws -> \(held) {
                        guard let tensor = tensors[name] else { throw DLCError("the compiled file has no output \\(name)") }
                        return tensor
                    }
                }
            """
    }

    var findResource: String {
        """
                guard let path = Bundle.module.path(forResource: \(Self.literal(resource)), ofType: "dlc") else {
                    throw DLCError(\(Self.literal("\(resource).dlc is not among the resources of the module")))
                }
        """
    }

    /// The method that runs the network by what has a `run` of dictionaries.
    private func run(_ runner: String) -> String { 
        Self.method("run", "Runs the network.", plan.inputs, "Outputs", by: "\(runner).run", held: held)
    }

    /// A method with a parameter per input.
    /// - Parameter runner: the function of dictionaries that it calls.
    static func method(
        _ name: String, _ documentation: String, _ inputs: [Plan.Port], _ result: String, by runner: String, attributes: String = "",
        held: String = "Tensor"
    ) -> String {
        let names = SwiftNames.values(inputs.map(\.name))
        let parameters = zip(inputs, names).map { "\($1): \(swiftType($0))" }.joined(separator: ", ")
        let arguments = zip(inputs, names).map { port, name in
            "\(literal(port.name)): \(held == "Tensor" ? name : port.container == nil ? ".tensor(\(name))" : "Datum(\(name))")"
        }.joined(separator: ", ")
        let label = held == "Tensor" ? "" : "values: "
        let lines =
            ["/// \(documentation)"] + (inputs.isEmpty ? [] : ["/// - Parameters:"])
            + zip(inputs, names).map { "///   - \($1): input \(describe($0))" }
        return """
            \(lines.map { "    " + $0 }.joined(separator: "\n"))
                \(attributes)public func \(name)(\(parameters)) throws -> \(result) {
                    try \(result)(self.\(runner)(\(label)[\(arguments.isEmpty ? ":" : arguments)]))
                }
            """
    }

    static func describe(_ port: Plan.Port) -> String {
        "`\(comment(port.name))`: \(comment(port.typeText))"
    }

    /// A name as part of a comment: without line breaks and backquotes.
    static func comment(_ text: String) -> String {
        String(text.map { $0.isNewline || $0 == "`" ? " " : $0 })
    }

    /// A string literal.
    static func literal(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" {
                result += "\\" + String(scalar)
            } else if scalar.value < 32 || scalar.value == 127 {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
