#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Switches for developers, read from the environment once.
enum Switches {
    /// `DLC_STRICT=1`: mistakes of passes are errors, as in tests.
    static let isStrict = getenv("DLC_STRICT").map { String(cString: $0) } == "1"
}
