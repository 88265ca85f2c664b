import DLC
import Foundation

/// A Swift file with a type that runs a plan from the bundle it stands in: a method with a label per input, and a
/// property per output. The build-tool plugin compiles it into the app.
struct SwiftSource {
    let plan: Plan
    let resource: String

    init(plan: Plan, planPath: String) {
        self.plan = plan
        resource = URL(fileURLWithPath: planPath).deletingPathExtension().lastPathComponent
    }

    var text: String {
        let typeName = Self.identifier(resource, isType: true)
        let inputs = Self.unique(plan.inputs.map { Self.identifier($0.name, isType: false) })
        let outputs = Self.unique(plan.outputs.map { Self.identifier($0.name, isType: false) })
        let parameters = zip(inputs, plan.inputs).map { name, _ in "`\(name)`: Tensor" }.joined(separator: ", ")
        let settings = inputs.indices.map { "            try session.setInput(\($0), `\(inputs[$0])`)" }
        let inputDocs = plan.inputs.map { "    /// - `\(Self.plain($0.name))`: \($0.summary)" }
        let properties = zip(outputs, plan.outputs).map { name, port in
            "        /// \(port.summary)\n        public let `\(name)`: Tensor"
        }
        let results = outputs.indices.map { "`\(outputs[$0])`: try session.output(\($0))" }.joined(separator: ", ")
        return """
            // Written by dlc from the plan \(Self.plain(resource)).dlc.
            import DLCRuntime
            import Foundation

            /// The compiled model. A value of this type is used by one task at a time.
            public final class \(typeName) {
                public struct Outputs: Sendable {
            \(properties.joined(separator: "\n"))
                }

                private let session: Session

                /// Maps the plan in the bundle.
                /// - Parameter threads: threads to compute with; nil takes the processors available.
                public init(threads: Int? = nil) throws {
                    guard let url = Bundle.module.url(forResource: \(Self.literal(resource)), withExtension: "dlc") else {
                        throw DLCError(\(Self.literal("\(resource).dlc is not in the bundle")))
                    }
                    session = try Session(CompiledModel(contentsOf: url.path), threads: threads)
                }

                /// Runs the model.
            \(inputDocs.joined(separator: "\n"))
                public func run(\(parameters)) throws -> Outputs {
            \(settings.joined(separator: "\n"))
                    try session.run()
                    return Outputs(\(results))
                }
            }

            """
    }

    func write(to path: String) throws {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw DLCError("cannot be written: \((error as NSError).localizedDescription)", at: [path])
        }
    }

    /// The name in lowerCamelCase, or UpperCamelCase for a type; what no identifier may hold parts words.
    static func identifier(_ name: String, isType: Bool) -> String {
        let words = name.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let joined = words.enumerated().map { index, word in
            index > 0 || isType ? word.prefix(1).uppercased() + word.dropFirst() : String(word)
        }.joined()
        guard let first = joined.first else { return isType ? "Model" : "value" }
        return first.isNumber ? (isType ? "Model" : "value") + joined : joined
    }

    /// The names with a number after each that was there before.
    static func unique(_ names: [String]) -> [String] {
        var taken = Set<String>()
        return names.map { name in
            var candidate = name
            var number = 2
            while !taken.insert(candidate).inserted {
                candidate = "\(name)\(number)"
                number += 1
            }
            return candidate
        }
    }

    /// The name without what would end a comment's line.
    private static func plain(_ name: String) -> String { name.filter { !$0.isNewline && $0 != "`" } }

    private static func literal(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            scalar == "\"" || scalar == "\\" || scalar.value < 32 ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
        return "\"\(escaped.joined())\""
    }
}
