import DLCModel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Standard error.
enum Console {
    /// Whether a person is watching standard error.
    static var hasTerminal: Bool { isatty(STDERR_FILENO) != 0 }

    /// Ends the process with status 1 after one line that begins with `error: `, whatever the message holds.
    static func fail(_ message: String) -> Never {
        put("error: \(message.split { $0.isNewline }.joined(separator: "; "))\n")
        exit(1)
    }

    /// Ends the process with status 1 after the mistakes of a model file, each with its place and the line of source.
    static func fail(_ errors: ModelErrors) -> Never {
        put("\(errors)\n")
        exit(1)
    }

    static func put(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
