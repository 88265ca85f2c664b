#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The C library's functions on doubles, under names that do not collide with operators.
enum Oracle {
    static func exp(_ x: Double) -> Double { library_exp(x) }
    static func log(_ x: Double) -> Double { library_log(x) }
}

private func library_exp(_ x: Double) -> Double { exp(x) }
private func library_log(_ x: Double) -> Double { log(x) }
