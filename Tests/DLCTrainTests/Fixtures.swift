import DLC
import DLCData

/// Examples in memory: `x: f32[3]`, `target: f32[1]`, a plane.
struct Plane: Dataset {
    let count: Int
    let summary = "a plane"
    let fields = [DataField("x", .float32, [3], .numbers, channelAxis: 0), DataField("target", .float32, [1], .numbers)]
    /// Targets of this example are no numbers.
    var poisoned: Int?

    func values(_ index: Int) -> (x: [Float], target: Float) {
        var random = SplitMix64(seed: UInt64(index))
        let x = (0..<3).map { _ in Float(random.uniform() * 2 - 1) }
        return (x, index == poisoned ? .nan : x[0] - 2 * x[1] + 0.5)
    }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        let rows = indices.map(values)
        return [
            "x": try Tensor(rows.flatMap(\.x), shape: [rows.count, 3]), "target": try Tensor(rows.map(\.target), shape: [rows.count, 1]),
        ]
    }
}

let planeText = """
    model Line(x: f32[N, 3], width = 8) { return y: x.dense(width, name: "hidden").tanh().dropout(0.1).dense(1, name: "out") }

    training Fit(x: f32[N, 3], target: f32[N, 1], rate = 1e-2, average = false) {
        loss = Line(x).meanSquaredError(target)
        if average { minimize loss, by: adam(rate), average: ema(0.9) } else { minimize loss, by: adam(rate) }
        return loss: loss, largest: loss.abs()
    }
    """
