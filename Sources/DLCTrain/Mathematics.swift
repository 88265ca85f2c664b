#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The C library's functions, for files that see other functions of these names.
enum Mathematics {
    static let log: @Sendable (Double) -> Double = { logarithm($0) }
    static let exp: @Sendable (Double) -> Double = { exponential($0) }
    static let pow: @Sendable (Double, Double) -> Double = { power($0, $1) }
}

private func logarithm(_ x: Double) -> Double { log(x) }
private func exponential(_ x: Double) -> Double { exp(x) }
private func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
