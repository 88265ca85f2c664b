import Synchronization

/// A line on standard error that says what is being done and for how long, shown once a second after the first, and
/// only where standard error is a terminal.
enum Progress {
    private enum State { case running, shown, finished }

    /// Runs `body` under the line.
    static func during<R>(_ what: String, _ body: () throws -> R) rethrows -> R {
        guard Console.hasTerminal else { return try body() }
        let line = Line(what)
        current.withLock { $0 = line }
        line.start()
        defer {
            line.finish()
            current.withLock { $0 = nil }
        }
        return try body()
    }

    /// Says more exactly what is being done, at once.
    static func say(_ what: String) { current.withLock { $0 }?.say(what) }

    private static let current = Mutex(Line?.none)

    /// The ticking task and the caller share the state under a lock, so that nothing is written after the end.
    private final class Line: Sendable {
        private let what: Mutex<String>
        private let state = Mutex(State.running)

        init(_ what: String) { self.what = Mutex(what) }

        func say(_ text: String) {
            what.withLock { $0 = text }
            _ = show(nil)
        }

        func start() {
            Task.detached { [self] in
                var seconds = 0
                while true {
                    try? await Task.sleep(for: .seconds(1))
                    seconds += 1
                    guard show(seconds) else { return }
                }
            }
        }

        private func show(_ seconds: Int?) -> Bool {
            state.withLock { state in
                guard state != .finished else { return false }
                Console.put("\r\(what.withLock { $0 }) …\(seconds.map { " \($0) s" } ?? "")\u{1B}[K")
                state = .shown
                return true
            }
        }

        func finish() {
            state.withLock { state in
                if state == .shown { Console.put("\r\u{1B}[K") }
                state = .finished
            }
        }
    }
}
