import DLC

/// What went wrong with a case.
struct Failure: Sendable {
    enum Kind: String, Sendable {
        /// The graph breaks the verifier's rules.
        case verify
        /// The text form does not parse back to the same.
        case text
        /// A pass throws on a valid graph, or breaks it.
        case pass
        /// No plan, or a plan that no session takes.
        case refused
        /// A session throws where the oracle computes.
        case runError = "run error"
        /// A session computes where the oracle refuses.
        case accepted
        case wrong
        /// Other bits with one thread than with two.
        case threads
        /// Other bits the second time.
        case rerun
        /// Passes that change what they made.
        case idempotence
        /// An input as a state computes something else.
        case state
        case export, `import`
        /// Another result after ONNX.
        case onnx
        case crash, hang
    }

    var kind: Kind
    /// The pass, the stage or the kernels that are at fault.
    var culprit: String
    var message: String

    /// Failures with the same key are taken to have one cause.
    var key: String {
        switch kind {
        case .wrong, .threads, .rerun, .onnx, .state, .accepted, .idempotence, .text: return "\(kind.rawValue): \(culprit)"
        default:
            // Numbers and names differ from case to case.
            let words = message.map { $0.isNumber ? "#" : $0 }.split(separator: "[").map {
                $0.drop { $0 != "]" }.isEmpty ? $0 : $0.drop { $0 != "]" }
            }
            return "\(kind.rawValue): \(culprit): \(String(words.joined().prefix(100)))"
        }
    }
}
