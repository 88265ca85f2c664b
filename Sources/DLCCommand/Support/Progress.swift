import Synchronization

/// A line on standard error that says what is being done and for how long, shown once a second after the first, and
/// only where standard error is a terminal.
enum Progress {
    private enum State { case running, shown, finished }

    /// Runs `body` under the line.
    static func during<R>(_ what: String, _ body: () throws -> R) rethrows -> R {
        guard Console.hasTerminal else { return try body() }
        let line = Line(what)
        line.start()
        defer { line.finish() }
        return try body()
    }

    /// The ticking task and the caller share the state under a lock, so that nothing is written after the end.
    private final class Line: Sendable {
        private let what: String
        private let state = Mutex(State.running)

        init(_ what: String) { self.what = what }

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

        private func show(_ seconds: Int) -> Bool {
            state.withLock { state in
                guard state != .finished else { return false }
                Console.put("\r\(what) … \(seconds) s")
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
