import DLC

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Draws one of several symbols by their logits.
public struct SymbolSampler: Sendable {
    /// Logits are divided by it; 0 takes the greatest.
    public var temperature: Double
    /// Only so many of the likeliest are drawn from.
    public var topK: Int?
    /// Only the fewest of the likeliest whose probabilities sum to this are drawn from (Holtzman et al., "The curious case of neural
    /// text degeneration", 2020).
    public var topP: Double?

    public init(temperature: Double = 1, topK: Int? = nil, topP: Double? = nil) {
        (self.temperature, self.topK, self.topP) = (temperature, topK, topP)
    }

    /// - Parameter uniform: a number of 0 ..< 1.
    /// - Returns: the symbol's index; among equal ones the first counts as the likelier.
    /// - Throws: where there is no logit, one is not a number, or all are −∞.
    public func draw(_ logits: [Double], _ uniform: Double) throws -> Int {
        if let odd = logits.firstIndex(where: \.isNaN) { throw DLCError("the logit of symbol \(odd) is not a number") }
        guard let greatest = logits.max(), greatest > -.infinity else { throw DLCError("no symbol can be drawn: all logits are -inf") }
        guard temperature > 0, greatest < .infinity else { return logits.firstIndex(of: greatest) ?? 0 }
        let weights = logits.map { exp(($0 - greatest) / temperature) }
        var kept = Array(logits.indices)
        if topK != nil || topP != nil {
            kept.sort { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
            if let topK { kept = Array(kept.prefix(max(topK, 1))) }
            if let topP {
                let total = kept.reduce(0) { $0 + weights[$1] }
                var sum = 0.0
                let count = kept.firstIndex { index in
                    sum += weights[index]
                    return sum >= topP * total
                }
                kept = Array(kept.prefix((count ?? kept.count - 1) + 1))
            }
        }
        var rest = uniform * kept.reduce(0) { $0 + weights[$1] }
        for index in kept {
            rest -= weights[index]
            if rest < 0 { return index }
        }
        return kept.last { weights[$0] > 0 } ?? 0
    }
}
