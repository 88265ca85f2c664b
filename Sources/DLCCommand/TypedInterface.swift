import DLC

/// A Swift source with a type for one compiled model: inputs become parameters, outputs become properties.
struct TypedInterface {
    let text: String
    /// The name of the type.
    let typeName: String

    /// - Parameters:
    ///   - resource: the compiled file's name without its extension, as it stands in the resource bundle.
    ///   - source: the model that it was compiled from, for the comment.
    init(_ plan: Plan, resource: String, source: String) {
        let typeName = SwiftNames.type(resource)
        let inputs = SwiftNames.values(plan.inputs.map(\.name))
        let outputs = SwiftNames.values(plan.outputs.map(\.name))
        func describe(_ port: Plan.Port) -> String {
            "`\(Self.comment(port.name))`: \(port.type)[\(Self.comment(port.shape.map(\.description).joined(separator: ", ")))]"
        }
        let parameters = inputs.map { "\($0): Tensor" }.joined(separator: ", ")
        let arguments = zip(plan.inputs, inputs).map { "\(Self.literal($0.name)): \($1)" }.joined(separator: ", ")
        let documentation = zip(plan.inputs, inputs).map { "    ///   - \($1): input \(describe($0))" }.joined(separator: "\n")
        let properties = zip(plan.outputs, outputs).map { port, name in
            "        /// Output \(describe(port))\n        public let \(name): Tensor"
        }.joined(separator: "\n")
        let reads = zip(plan.outputs, outputs).map { port, name in
            "            self.\(name) = try Self.tensor(\(Self.literal(port.name)), of: tensors)"
        }.joined(separator: "\n")
        self.typeName = typeName
        text = """
            // Written by `dlc build --swift`. Do not edit.
            import DLCRuntime
            import Foundation

            /// The network \(Self.comment(source)), compiled into \(Self.comment(resource)).dlc.
            ///
            /// May be shared between tasks: calls at the same time run in sessions of their own.
            public struct \(typeName): Sendable {
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

                /// The compiled model, for sessions of your own.
                public let model: CompiledModel
                private let sessions: Sessions

                /// Loads the compiled file from this module's resources.
                /// - Parameter threads: threads that a run computes with; nil takes the processors available.
                public init(threads: Int? = nil) throws {
                    guard let path = Bundle.module.path(forResource: \(Self.literal(resource)), ofType: "dlc") else {
                        throw DLCError(\(Self.literal("\(resource).dlc is not among the resources of the module")))
                    }
                    model = try CompiledModel(contentsOf: path)
                    sessions = Sessions(model, threads: threads)
                }

                /// Runs the network.
                /// - Parameters:
            \(documentation)
                public func run(\(parameters)) throws -> Outputs {
                    try Outputs(self.sessions.run([\(arguments.isEmpty ? ":" : arguments)]))
                }

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
            }

            """
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
