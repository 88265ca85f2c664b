import DLCRuntime
import Foundation

/// A handwritten seven: ink from 0 to 16.
let ink: [Float] = [
    0, 0, 2, 13, 16, 9, 0, 0,
    0, 0, 12, 12, 7, 16, 3, 0,
    0, 1, 14, 3, 0, 16, 4, 0,
    0, 0, 0, 4, 10, 16, 6, 0,
    0, 0, 0, 13, 16, 16, 9, 0,
    0, 0, 0, 5, 13, 1, 0, 0,
    0, 0, 0, 11, 9, 0, 0, 0,
    0, 0, 1, 16, 4, 0, 0, 0,
]

let digits = try Digits()
let image = try Tensor(ink.map { $0 / 16 }, shape: [1, 1, 8, 8])
let probabilities = try digits.run(image: image).probabilities.array(of: Float.self)
for (digit, probability) in probabilities.enumerated() where probability > 0.5 {
    print("a \(digit), with probability \(probability)")
}

// A model in dlc's own language, which keeps state between runs.
let mean = try RunningMean()
let means = try [2, 4, 9].map { try mean.run(x: Tensor([$0] as [Float], shape: [1])).y.array(of: Float.self)[0] }
print("means \(means)")

// Its parameters are those of `affine.safetensors`.
let sum = try Affine().run(x: Tensor([10, 100] as [Float], shape: [1, 2])).y.array(of: Float.self)[0]
print("sum \(sum)")

// It learns a new hand, and keeps what it has learned.
let folder = FileManager.default.temporaryDirectory.appending(path: "dlc-example-\(ProcessInfo.processInfo.processIdentifier)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }
try learnNewHand(folder: folder)
