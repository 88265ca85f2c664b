import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Ctrl-C, and the request to end that systems send.
enum Interrupt {
    private static let flag = Atomic(false)

    /// From now on the first such signal is only noted; the next one ends the process.
    /// - Returns: says whether there was one.
    static func handled() -> @Sendable () -> Bool {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interrupt.flag.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
        return { flag.load(ordering: .relaxed) }
    }
}
