#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The C library's functions on doubles, under names that do not collide with those of Swift and of expressions.
enum Mathematics {
    static func exp(_ x: Double) -> Double { library_exp(x) }
    static func log(_ x: Double) -> Double { logarithm(x) }
    static func pow(_ x: Double, _ y: Double) -> Double { library_pow(x, y) }
}

private func library_exp(_ x: Double) -> Double { exp(x) }
private func library_pow(_ x: Double, _ y: Double) -> Double { pow(x, y) }

func logarithm(_ x: Double) -> Double { log(x) }
func cosine(_ x: Double) -> Double { cos(x) }
