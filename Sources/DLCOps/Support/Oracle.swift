#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What oracles share: the C library's functions on doubles under names that do not collide with operators, and
/// plain loops over shapes.
enum Oracle {
    static func exp(_ x: Double) -> Double { library_exp(x) }
    static func expm1(_ x: Double) -> Double { library_expm1(x) }
    static func log(_ x: Double) -> Double { library_log(x) }
    static func log1p(_ x: Double) -> Double { library_log1p(x) }
    static func pow(_ x: Double, _ y: Double) -> Double { library_pow(x, y) }
    static func sin(_ x: Double) -> Double { library_sin(x) }
    static func cos(_ x: Double) -> Double { library_cos(x) }
    static func tan(_ x: Double) -> Double { library_tan(x) }
    static func asin(_ x: Double) -> Double { library_asin(x) }
    static func acos(_ x: Double) -> Double { library_acos(x) }
    static func atan(_ x: Double) -> Double { library_atan(x) }
    static func sinh(_ x: Double) -> Double { library_sinh(x) }
    static func cosh(_ x: Double) -> Double { library_cosh(x) }
    static func tanh(_ x: Double) -> Double { library_tanh(x) }
    static func asinh(_ x: Double) -> Double { library_asinh(x) }
    static func acosh(_ x: Double) -> Double { library_acosh(x) }
    static func atanh(_ x: Double) -> Double { library_atanh(x) }
    static func erf(_ x: Double) -> Double { library_erf(x) }
    static func sigmoid(_ x: Double) -> Double { x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)) }
    static func softplus(_ x: Double) -> Double { Swift.max(x, 0) + log1p(exp(-Swift.abs(x))) }
}

private func library_exp(_ x: Double) -> Double { exp(x) }
private func library_expm1(_ x: Double) -> Double { expm1(x) }
private func library_log(_ x: Double) -> Double { log(x) }
private func library_log1p(_ x: Double) -> Double { log1p(x) }
private func library_pow(_ x: Double, _ y: Double) -> Double { pow(x, y) }
private func library_sin(_ x: Double) -> Double { sin(x) }
private func library_cos(_ x: Double) -> Double { cos(x) }
private func library_tan(_ x: Double) -> Double { tan(x) }
private func library_asin(_ x: Double) -> Double { asin(x) }
private func library_acos(_ x: Double) -> Double { acos(x) }
private func library_atan(_ x: Double) -> Double { atan(x) }
private func library_sinh(_ x: Double) -> Double { sinh(x) }
private func library_cosh(_ x: Double) -> Double { cosh(x) }
private func library_tanh(_ x: Double) -> Double { tanh(x) }
private func library_asinh(_ x: Double) -> Double { asinh(x) }
private func library_acosh(_ x: Double) -> Double { acosh(x) }
private func library_atanh(_ x: Double) -> Double { atanh(x) }
private func library_erf(_ x: Double) -> Double { erf(x) }
