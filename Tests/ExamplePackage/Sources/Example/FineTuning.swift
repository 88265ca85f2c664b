import DLCRuntime
import Foundation

/// Digits of a hand that slants them, `slanted.safetensors`: ink from 0 to 16, and what is written.
struct Samples {
    private let ink: [UInt8]
    private let written: [UInt8]
    private static let pixels = 64

    init() throws {
        guard let path = Bundle.module.path(forResource: "slanted", ofType: "safetensors") else {
            throw DLCError("slanted.safetensors is missing")
        }
        let file = try Safetensors(contentsOf: path)
        func elements(_ name: String) throws -> [UInt8] {
            guard let index = file.entries.firstIndex(where: { $0.name == name }) else { throw DLCError("there is no \(name)", at: [path]) }
            return try file.tensor(at: index).array(of: UInt8.self)
        }
        (ink, written) = (try elements("image"), try elements("label"))
    }

    var count: Int { written.count }

    /// `[N, 1, 8, 8]`, ink from 0 to 1, and `[N]`.
    func tensors(_ range: Range<Int>) throws -> (image: Tensor, label: Tensor) {
        let part = ink[range.lowerBound * Self.pixels..<range.upperBound * Self.pixels]
        return (
            try Tensor(part.map { Float($0) / 16 }, shape: [range.count, 1, 8, 8]),
            try Tensor(written[range].map { Int64($0) }, shape: [range.count])
        )
    }
}

/// Twenty digits of a new hand teach the network to read it; the others say how well it does.
func learnNewHand(folder: URL) throws {
    let samples = try Samples()
    let (few, rest) = (try samples.tensors(0..<20), try samples.tensors(20..<samples.count))
    let training = try HandTraining(threads: 1)
    // What the training predicts before it has learned is what the network beside it computes.
    let scores = try Hand().run(image: few.image).logits.array(of: Float.self)
    let first = try training.predict(image: few.image).probabilities.array(of: Float.self)
    print("agree \((0..<20).allSatisfy { best(scores, $0) == best(first, $0) })")

    let before = try training.evaluate(image: rest.image, label: rest.label).accuracy
    let steps = 60
    let start = ContinuousClock.now
    for _ in 0..<steps { try training.step(image: few.image, label: few.label) }
    let time = start.duration(to: .now) / .milliseconds(1)
    let after = try training.evaluate(image: rest.image, label: rest.label).accuracy
    let size = try FileManager.default.attributesOfItem(atPath: Bundle.main.executablePath ?? CommandLine.arguments[0])[.size] as? Int ?? 0
    print(
        "hand: \(percent(before)) before, \(percent(after)) after \(steps) steps over 20 samples in \(rounded(time)) ms; the app has \(rounded(Double(size) / 1e6)) MB"
    )

    // Weights outlast the app; a training that goes on does as if it had not stopped.
    let (weights, states) = (folder.appending(path: "hand.safetensors").path, folder.appending(path: "states.safetensors").path)
    try training.saveWeights(to: weights)
    try training.save(to: states)
    let next = try training.step(image: few.image, label: few.label).loss
    training.reset()
    let again = try training.evaluate(image: rest.image, label: rest.label).accuracy
    try training.loadWeights(from: weights)
    let loaded = try training.evaluate(image: rest.image, label: rest.label).accuracy
    try training.load(from: states)
    let resumed = try training.step(image: few.image, label: few.label).loss
    print("kept \(again == before && loaded == after && resumed == next)")
}

/// The likeliest of ten classes in a row.
private func best(_ values: [Float], _ row: Int) -> Int? { (0..<10).max { values[10 * row + $0] < values[10 * row + $1] } }

private func rounded(_ x: Double) -> Double { (x * 10).rounded() / 10 }
private func percent(_ x: Float) -> String { "\(rounded(Double(x) * 100)) %" }
