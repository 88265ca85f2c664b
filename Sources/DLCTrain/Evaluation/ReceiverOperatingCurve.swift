/// The area under the receiver operating characteristic.
public enum ReceiverOperatingCurve {
    /// The probability that an example of the class scores higher than one of another, ties counted half: Mann and Whitney's U over the
    /// number of pairs (Hanley and McNeil, 1982).
    /// - Returns: nil where one of both kinds is missing, or a score is no number.
    public static func area(scores: [Double], isPositive: [Bool]) -> Double? {
        let positives = isPositive.count { $0 }
        let negatives = isPositive.count - positives
        guard positives > 0, negatives > 0, scores.count == isPositive.count, !scores.contains(where: \.isNaN) else { return nil }
        let order = scores.indices.sorted { scores[$0] < scores[$1] }
        var rankSum = 0.0
        var start = 0
        while start < order.count {
            var end = start
            while end < order.count, scores[order[end]] == scores[order[start]] { end += 1 }
            // Ranks from 1; equals share the mean of theirs.
            let rank = Double(start + 1 + end) / 2
            rankSum += rank * Double(order[start..<end].count { isPositive[$0] })
            start = end
        }
        let (p, n) = (Double(positives), Double(negatives))
        return (rankSum - p * (p + 1) / 2) / (p * n)
    }
}
