#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Numbers as people read them.
package enum Format {
    /// With a fixed number of digits after the point.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        var text = [CChar](repeating: 0, count: 400)
        let length = withVaList([Int32(digits), value]) { vsnprintf(&text, text.count, "%.*f", $0) }
        return String(decoding: text.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// With three significant digits or more: `0.0123`, `1.23`, `123`.
    package static func short(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        if value == 0 { return "0" }
        var text = [CChar](repeating: 0, count: 64)
        let length = withVaList([value]) { vsnprintf(&text, text.count, "%.4g", $0) }
        return String(decoding: text.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The time between two instants.
    package static func milliseconds(_ from: ContinuousClock.Instant, _ to: ContinuousClock.Instant) -> String {
        let value = from.duration(to: to) / .milliseconds(1)
        return fixed(value, value < 10 ? 3 : 1) + " ms"
    }

    package static func exponential(_ x: Double) -> Double { exp(x) }

    /// The ratio of two powers in decibels: infinite where there is no noise, minus infinity where the ratio is no number.
    package static func decibels(_ signal: Double, above noise: Double) -> Double {
        if noise == 0, signal.isFinite { return .infinity }
        let ratio = 10 * log10(signal / noise)
        return ratio.isNaN ? -.infinity : ratio
    }

    /// In units of 1024.
    package static func bytes(_ count: Int) -> String { scaled(Double(count), 1024, ["B", "KiB", "MiB", "GiB", "TiB"]) }

    /// In units of 1000: `25.6 M`.
    package static func count(_ count: Int) -> String { scaled(Double(count), 1000, ["", "k", "M", "G", "T", "P"]) }

    /// All digits, in groups of three: `25,557,032`.
    package static func grouped(_ count: Int) -> String {
        var text = ""
        for (index, digit) in "\(count)".reversed().enumerated() { text += (index > 0 && index % 3 == 0 ? "," : "") + "\(digit)" }
        return String(text.reversed())
    }

    private static func scaled(_ value: Double, _ base: Double, _ units: [String]) -> String {
        var value = value
        var index = 0
        while abs(value) >= base, index < units.count - 1 {
            value /= base
            index += 1
        }
        let digits = index == 0 ? 0 : abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : 2
        return units[index].isEmpty ? fixed(value, digits) : "\(fixed(value, digits)) \(units[index])"
    }

    /// A string as JSON.
    package static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
