import DLCTensor

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One axis: its ends and the ticks between them.
struct Axis {
    let low: Double
    let high: Double
    let isLogarithmic: Bool
    let ticks: [(value: Double, label: String)]

    /// An axis over all of the values, which are finite, and positive where it is logarithmic.
    /// - Parameter ticks: about how many there shall be; at least 2.
    /// - Parameter isTight: whether it ends with the values and not at ticks around them.
    init(_ values: [Double], isLogarithmic: Bool, ticks wanted: Int, isTight: Bool) {
        self.isLogarithmic = isLogarithmic
        // Far from the ends of doubles, so that no difference overflows.
        let bound = 1e300
        var low = min(max(values.min() ?? (isLogarithmic ? 1 : 0), -bound), bound)
        var high = min(max(values.max() ?? (isLogarithmic ? 10 : 1), -bound), bound)
        if isLogarithmic {
            low = max(low, 1e-300)
            if low >= high { (low, high) = (low / 2, max(high, low) * 2) }
            if !isTight { (low, high) = (low / pow(high / low, 0.03), high * pow(high / low, 0.03)) }
            (self.low, self.high) = (low, high)
            ticks = Self.logarithmicTicks(low, high, wanted)
            return
        }
        // Values that differ by rounding alone are one level.
        if high - low <= max(abs(low), abs(high)) * 1e-12 {
            let room = low == 0 ? 1 : abs(low) * 0.1
            (low, high) = (low - room, high + room)
        }
        let step = Self.step((high - low) / Double(max(wanted - 1, 1)))
        if !isTight { (low, high) = ((low / step + 1e-9).rounded(.down) * step, (high / step - 1e-9).rounded(.up) * step) }
        (self.low, self.high) = (low, high)
        let first = (low / step - 1e-9).rounded(.up)
        let count = max(0, ((high / step + 1e-9).rounded(.down) - first)) + 1
        let unit = Self.unit(max(abs(low), abs(high)), step)
        ticks = (0..<Int(min(count, 100))).map { index in
            let value = (first + Double(index)) * step
            return (value, Self.label(value, step: step, unit: unit))
        }
    }

    /// Where a value lies, 0 at the low end and 1 at the high one.
    func place(_ value: Double) -> Double {
        isLogarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low)
    }

    /// The least of 1, 2 and 5 times a power of ten that is no smaller (Heckbert, Graphics Gems 1990).
    private static func step(_ least: Double) -> Double {
        let power = pow(10, floor(log10(least)))
        return ([1, 2, 5].first { $0 * power >= least * (1 - 1e-9) } ?? 10) * power
    }

    /// Decades, or 1, 2 and 5 of each where there is room; within half a decade plain steps.
    private static func logarithmicTicks(_ low: Double, _ high: Double, _ wanted: Int) -> [(Double, String)] {
        let decades = log10(high / low)
        if decades < 0.6 {
            let step = step((high - low) / Double(max(wanted - 1, 1)))
            let first = (low / step).rounded(.up)
            return (0..<max(0, Int(min(100, (high / step).rounded(.down) - first + 1)))).map { index in
                let value = (first + Double(index)) * step
                return (value, label(value, step: step, unit: unit(high, step)))
            }
        }
        let factors: [Double] = decades * 3 <= Double(wanted) * 1.3 ? [1, 2, 5] : decades * 2 <= Double(wanted) * 1.3 ? [1, 3] : [1]
        let stride = max(1, Int(((decades + 1) / (Double(max(wanted, 2)) * 1.3)).rounded(.up)))
        var result: [(Double, String)] = []
        for exponent in Int(floor(log10(low)))...Int(ceil(log10(high))) where factors.count > 1 || exponent % stride == 0 {
            for factor in factors {
                let value = factor * pow(10, Double(exponent))
                if value >= low * (1 - 1e-9), value <= high * (1 + 1e-9) { result.append((value, short(value))) }
            }
        }
        return result
    }

    /// Thousands and millions by a letter, where all labels are that large.
    private static func unit(_ greatest: Double, _ step: Double) -> (size: Double, letter: String) {
        if greatest >= 1e15 || step < 1e-6 { return (0, "") }
        if greatest >= 1e9, step >= 1e7 { return (1e9, "G") }
        if greatest >= 1e6, step >= 1e4 { return (1e6, "M") }
        return greatest >= 1e4 && step >= 100 ? (1e3, "k") : (1, "")
    }

    private static func label(_ value: Double, step: Double, unit: (size: Double, letter: String)) -> String {
        if abs(value) < step * 1e-6 { return "0" }
        if unit.size == 0 { return short(value) }
        let digits = max(0, Int(-floor(log10(step / unit.size) + 1e-9)))
        return Format.fixed(value / unit.size, min(digits, 12)) + unit.letter
    }

    /// `0.01`, `1e-5`.
    static func short(_ value: Double) -> String {
        let text = Format.short(value)
        guard let e = text.firstIndex(of: "e") else { return text }
        let exponent = text[text.index(after: e)...]
        let digits = exponent.drop { $0 == "-" || $0 == "+" }.drop { $0 == "0" }
        return text[..<e] + "e" + (exponent.hasPrefix("-") ? "-" : "") + digits
    }
}
