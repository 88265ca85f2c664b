/// A result and an operand that it does not replace, or an earlier result, in the same memory: no element may be in both.
struct Overlay: Sendable {
    /// Indices in the step's results, and in its operands followed by its results.
    let result: Int
    let other: Int

    /// All of a step's, whatever its shapes.
    static func all(of step: Plan.Step) -> [Overlay] {
        var found: [Overlay] = []
        for (index, result) in step.results.enumerated() {
            guard let location = result?.location else { continue }
            let before = step.operands + step.results[..<index]
            let others = before.indices.filter { before[$0]?.location == location }
            if others.isEmpty { continue }
            let replaced = step.replaceable(by: index, at: { $0?.location })
            found += others.filter { !replaced.contains($0) }.map { Overlay(result: index, other: $0) }
        }
        return found
    }
}

/// The bytes of a view in its memory.
struct ByteView {
    /// Where its first element begins.
    private let start: Int
    /// Bytes from one element to the next and the number of elements, along the dimensions of several.
    private let dimensions: [(step: Int, count: Int)]
    /// Bytes of an element.
    private let size: Int

    /// - Parameters:
    ///   - offset, strides: in elements, of a view that lies inside of its memory.
    /// - Returns: nil where it has no element.
    init?(shape: [Int], strides: [Int], offset: Int, elementBytes size: Int) {
        if shape.contains(0) { return nil }
        start = offset * size
        dimensions = zip(strides, shape).filter { $1 > 1 }.map { ($0 * size, $1) }
        self.size = size
    }

    /// Whether a byte belongs to both. Views that interleave in so many ways that it takes long to tell count as overlapping.
    func overlaps(_ other: ByteView) -> Bool {
        var terms: [Int: ClosedRange<Int>] = [:]
        for (step, count) in dimensions + other.dimensions.map({ (-$0.step, $0.count) }) where step != 0 {
            let (known, most) = (terms[abs(step)] ?? 0...0, count - 1)
            terms[abs(step)] = step > 0 ? known.lowerBound...known.upperBound + most : known.lowerBound - most...known.upperBound
        }
        let distance = other.start - start
        var search = SumSearch(terms.sorted { $0.key > $1.key }.map { ($0.key, $0.value) })
        return search.reaches(distance - size + 1...distance + other.size - 1)
    }
}

/// Looks for multiples of steps whose sum is in a range.
private struct SumSearch {
    private let terms: [(step: Int, multiples: ClosedRange<Int>)]
    /// The least and the largest sum of the terms from each on.
    private var rests: [ClosedRange<Int>]
    private var attempts = 0
    private static let mostAttempts = 1000

    /// - Parameter terms: steps of 1 and more, the longest first, and by how much each may be multiplied.
    init(_ terms: [(step: Int, multiples: ClosedRange<Int>)]) {
        self.terms = terms
        rests = [0...0]
        for (step, multiples) in terms.reversed() {
            let rest = rests[rests.count - 1]
            rests.append(rest.lowerBound + multiples.lowerBound * step...rest.upperBound + multiples.upperBound * step)
        }
        rests.reverse()
    }

    /// Whether a sum of the terms from `index` on is in the range, or too many would have to be tried.
    mutating func reaches(_ range: ClosedRange<Int>, from index: Int = 0) -> Bool {
        guard rests[index].overlaps(range) else { return false }
        attempts += 1
        if index == terms.count || attempts > Self.mostAttempts { return true }
        let ((step, multiples), rest) = (terms[index], rests[index + 1])
        // Floors of quotients; numbers below zero round down too.
        func floor(_ value: Int) -> Int { value >= 0 ? value / step : -((step - 1 - value) / step) }
        let least = max(multiples.lowerBound, -floor(rest.upperBound - range.lowerBound))
        let most = min(multiples.upperBound, floor(range.upperBound - rest.lowerBound))
        guard least <= most else { return false }
        for multiple in least...most {
            let sum = multiple * step
            if reaches(range.lowerBound - sum...range.upperBound - sum, from: index + 1) { return true }
        }
        return false
    }
}
