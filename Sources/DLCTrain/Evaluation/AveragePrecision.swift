/// The mean average precision of detections, as COCO's evaluation has it (Lin et al., "Microsoft COCO", 2014): a detection is right
/// where it overlaps a box of its class that no better one has taken; the precision, made monotone, is read at 101 recalls.
public struct AveragePrecision: Sendable {
    /// x0, y0, x1, y1.
    public typealias Box = (Double, Double, Double, Double)

    private struct Found {
        var score: Double
        var image: Int
        var box: Box
    }

    private var truths: [Int: [Int: [Box]]] = [:]
    private var found: [Int: [Found]] = [:]
    private var images = 0
    /// The most detections of an image that count, those of the highest scores.
    public let most = 100

    public init() {}

    /// One image's boxes and what was found in it.
    public mutating func add(truths boxes: [(label: Int, box: Box)], detections: [(label: Int, score: Double, box: Box)]) {
        for (label, box) in boxes { truths[label, default: [:]][images, default: []].append(box) }
        let kept = detections.filter { !$0.score.isNaN }.enumerated().sorted { a, b in
            a.element.score != b.element.score ? a.element.score > b.element.score : a.offset < b.offset
        }
        for (_, detection) in kept.prefix(most) {
            found[detection.label, default: []].append(Found(score: detection.score, image: images, box: detection.box))
        }
        images += 1
    }

    /// By class, at one overlap.
    public func perClass(overlap: Double) -> [Int: Double] {
        truths.reduce(into: [:]) { $0[$1.key] = average($1.key, $1.value, overlap) }
    }

    /// The mean over classes at an overlap, such as 0.5.
    public func mean(overlap: Double) -> Double {
        let values = perClass(overlap: overlap).values.sorted()
        return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    }

    /// The mean over overlaps of 0.5, 0.55 … 0.95.
    public var mean: Double { (0..<10).reduce(0) { $0 + mean(overlap: 0.5 + 0.05 * Double($1)) } / 10 }

    private func average(_ label: Int, _ boxes: [Int: [Box]], _ overlap: Double) -> Double {
        let count = boxes.values.reduce(0) { $0 + $1.count }
        let order = (found[label] ?? []).enumerated().sorted { a, b in
            a.element.score != b.element.score ? a.element.score > b.element.score : a.offset < b.offset
        }
        var taken = boxes.mapValues { [Bool](repeating: false, count: $0.count) }
        var (right, precision, recall): (Int, [Double], [Double]) = (0, [], [])
        for (index, entry) in order.enumerated() {
            let detection = entry.element
            var best: (overlap: Double, place: Int)?
            for (place, box) in (boxes[detection.image] ?? []).enumerated() where taken[detection.image]?[place] == false {
                let shared = Self.overlap(detection.box, box)
                if shared >= max(best?.overlap ?? 0, overlap) { best = (shared, place) }
            }
            if let best {
                taken[detection.image]?[best.place] = true
                right += 1
            }
            precision.append(Double(right) / Double(index + 1))
            recall.append(Double(right) / Double(count))
        }
        for index in precision.indices.dropLast().reversed() { precision[index] = max(precision[index], precision[index + 1]) }
        var (sum, place) = (0.0, 0)
        for step in 0...100 {
            while place < recall.count, recall[place] < Double(step) / 100 { place += 1 }
            sum += place < precision.count ? precision[place] : 0
        }
        return sum / 101
    }

    static func overlap(_ a: Box, _ b: Box) -> Double {
        let width = min(a.2, b.2) - max(a.0, b.0)
        let height = min(a.3, b.3) - max(a.1, b.1)
        guard width > 0, height > 0 else { return 0 }
        let shared = width * height
        return shared / ((a.2 - a.0) * (a.3 - a.1) + (b.2 - b.0) * (b.3 - b.1) - shared)
    }
}
