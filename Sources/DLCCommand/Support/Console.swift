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

    /// Columns of the terminal that standard error is; 80 where it does not say.
    static var width: Int { size.map { Int($0.ws_col) } ?? 80 }

    /// Rows of that terminal; 24 where it does not say.
    static var height: Int { size.map { Int($0.ws_row) } ?? 24 }

    private static var size: winsize? {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0 ? size : nil
    }

    /// Ends the process with status 1 after one line that begins with `error: `, whatever the message holds.
    static func fail(_ message: String) -> Never {
        put("error: \(message.split { $0.isNewline }.joined(separator: "; "))\n")
        exit(1)
    }

    /// Ends the process with status 1 after a report of several lines.
    static func fail(report: String) -> Never {
        put("\(report)\n")
        exit(1)
    }

    static func warn(_ text: String) {
        // A line that says what is being done gives way.
        put("\(hasTerminal ? "\r\u{1B}[K" : "")warning: \(text)\n")
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

/// Standard output.
enum Output {
    /// Lets readers see what was printed so far.
    /// - Returns: false where it could not be written.
    @discardableResult
    static func flush() -> Bool { fflush(nil) == 0 }
}
