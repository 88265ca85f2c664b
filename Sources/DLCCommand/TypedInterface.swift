import DLC

/// A Swift source with a type for one compiled model: inputs become parameters, outputs become properties.
///
/// A network without state is a value that tasks share. One that keeps state is an object for one sequence.
struct TypedInterface {
    private let plan: Plan
    /// The compiled file's name without its extension, as it stands in the resource bundle.
    private let resource: String
    /// The model that it was compiled from, for the comment.
    private let source: String

    init(_ plan: Plan, resource: String, source: String) {
        self.plan = plan
        self.resource = resource
        self.source = source
    }

    var text: String {
        """
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

                func run(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
                    let session = try lock.withLock { idle.popLast() } ?? Session(model, threads: threads)
                    defer { lock.withLock { idle.append(session) } }
                    return try session.run(inputs)
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
    private var results: String {
        let names = SwiftNames.values(plan.outputs.map(\.name))
        let properties = zip(plan.outputs, names).map { port, name in
            "        /// Output \(Self.describe(port))\n        public let \(name): Tensor"
        }.joined(separator: "\n")
        let reads = zip(plan.outputs, names).map { port, name in
            "            self.\(name) = try Self.tensor(\(Self.literal(port.name)), of: tensors)"
        }.joined(separator: "\n")
        return """
                /// What a run gives.
                public struct Outputs: Sendable {
            \(properties)

                    fileprivate init(_ tensors: [String: Tensor]) throws {
            \(reads)
                    }

                    private static func tensor(_ name: String, of tensors: [String: Tensor]) throws -> Tensor {
                        guard let tensor = tensors[name] else { throw DLCError("the compiled file has no output \\(name)") }
                        return tensor
                    }
                }
            """
    }

    private var findResource: String {
        """
                guard let path = Bundle.module.path(forResource: \(Self.literal(resource)), ofType: "dlc") else {
                    throw DLCError(\(Self.literal("\(resource).dlc is not among the resources of the module")))
                }
        """
    }

    /// The method that runs the network by what has a `run` of dictionaries.
    private func run(_ runner: String) -> String {
        let inputs = SwiftNames.values(plan.inputs.map(\.name))
        let parameters = inputs.map { "\($0): Tensor" }.joined(separator: ", ")
        let arguments = zip(plan.inputs, inputs).map { "\(Self.literal($0.name)): \($1)" }.joined(separator: ", ")
        let documentation = zip(plan.inputs, inputs).map { "    ///   - \($1): input \(Self.describe($0))" }.joined(separator: "\n")
        return """
                /// Runs the network.
                /// - Parameters:
            \(documentation)
                public func run(\(parameters)) throws -> Outputs {
                    try Outputs(self.\(runner).run([\(arguments.isEmpty ? ":" : arguments)]))
                }
            """
    }

    private static func describe(_ port: Plan.Port) -> String {
        "`\(comment(port.name))`: \(port.type)[\(comment(port.shape.map(\.description).joined(separator: ", ")))]"
    }

    /// A name as part of a comment: without line breaks and backquotes.
    private static func comment(_ text: String) -> String {
        String(text.map { $0.isNewline || $0 == "`" ? " " : $0 })
    }

    /// A string literal.
    private static func literal(_ text: String) -> String {
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
