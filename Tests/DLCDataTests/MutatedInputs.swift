import DLCTensor
import DLCTensorFiles
import Testing

@testable import DLCData

/// Files with bytes changed, left out or put in are read, or refused with a message; nothing traps.
@Suite struct MutatedInputs {
    struct Format: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let file: String
        let bytes: [UInt8]
        let fields: [WantedField]
        var options = DataOptions()
        /// Files that stand beside it unchanged.
        var others: [String: [UInt8]] = [:]
    }

    static let formats: [Format] = try! {
        let tokens = [WantedField("tokens", .int64, [3]), WantedField("targets", .int64, [3])]
        let picture = WantedField("image", .float32, [3, 4, 4])
        let image = try decoded(PillowPictures.colour)
        var (pairs, table, words) = (DataOptions(), DataOptions(), DataOptions())
        (pairs.text.form, pairs.text.units) = (.pairs, .words)
        table.table.missing = .mean
        table.sources = ["x": "a,b", "y": "c"]
        (words.text.units, words.text.vocabularySize) = (.bytePairs, 300)
        let boxes = [WantedField("boxes", .float32, [nil, 4]), WantedField("classes", .int64, [nil])]
        return [
            Format(
                testDescription: "npz", file: "a.npz", bytes: try decoded(NumPyArchives.stored),
                fields: [WantedField("x", .float32, [2, 3])]),
            Format(
                testDescription: "deflated npz", file: "a.npz", bytes: try decoded(NumPyArchives.deflated),
                fields: [WantedField("y", .int64, [])]),
            Format(
                testDescription: "zip64", file: "a.npz", bytes: try decoded(NumPyArchives.wide), fields: [WantedField("x", .float32, [])]),
            Format(
                testDescription: "table", file: "a.csv", bytes: Array("a,b,c\n1,red,no\n2,\"bl\"\"ue\",yes\n,red,no\n".utf8),
                fields: [WantedField("x", .float32, [nil]), WantedField("y", .int64, [])], options: table),
            Format(testDescription: "text", file: "a.txt", bytes: Array("abc äöü\nabc\n\nabd".utf8), fields: tokens),
            Format(testDescription: "byte pairs", file: "a.txt", bytes: Array("abc äöü\nabc\n\nabd".utf8), fields: tokens, options: words),
            Format(testDescription: "tunes", file: "a.abc", bytes: Array("X:1\nab\n\n\nX:2\na\n".utf8), fields: tokens),
            Format(testDescription: "pairs", file: "a.txt", bytes: Array("a b\tc\nd e f\tg h\n".utf8), fields: tokens, options: pairs),
            Format(
                testDescription: "IDX", file: "a.idx", bytes: [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4],
                fields: [WantedField("x", .float32, [2])]),
            Format(testDescription: "PNG", file: "s/a.png", bytes: image, fields: [picture]),
            Format(testDescription: "JPEG", file: "s/a.jpg", bytes: try decoded(PillowPictures.jpeg), fields: [picture]),
            Format(
                testDescription: "mask", file: "s/masks/a.png", bytes: try decoded(PillowPictures.palette2),
                fields: [WantedField("image", .float32, [3, 4, 4]), WantedField("mask", .int64, [4, 4])], others: ["s/images/a.png": image]),
            Format(
                testDescription: "COCO", file: "a.json", bytes: Array(BoxedPictureSets.coco.utf8), fields: boxes,
                others: ["a.png": image, "b.png": image]),
            Format(
                testDescription: "YOLO", file: "s/labels/a.txt", bytes: Array("1 0.5 0.5 0.2 0.5\n0 1 1 1e-3 1\n".utf8), fields: boxes,
                others: ["s/images/a.png": image]),
            Format(testDescription: "WAVE", file: "a.wav", bytes: try decoded(Sounds.float32), fields: [WantedField("x", .float32, [2])]),
            Format(
                testDescription: "WAVE of 16 bits", file: "a.wav", bytes: try decoded(Sounds.pcm16Stereo),
                fields: [WantedField("x", .float32, [2])]),
        ]
    }()

    @Test(arguments: formats) func nothingTraps(_ format: Format) throws {
        try withTemporaryFolder { folder in
            var random = SplitMix64(seed: 1)
            for (name, bytes) in format.others { try folder.write(bytes, name) }
            for round in 0..<rounds {
                var bytes = format.bytes
                for _ in 0..<Int.random(in: round == 0 ? 0...0 : 1...4, using: &random) where !bytes.isEmpty {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<6, using: &random) {
                    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                    case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF, 10, 34, 44].randomElement(using: &random) ?? 0
                    case 2: bytes.removeSubrange(place..<min(bytes.count, place + 4))
                    case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 8)], at: place)
                    case 4: bytes.removeLast(min(bytes.count, Int.random(in: 1...8, using: &random)))
                    default:
                        for index in place..<min(bytes.count, place + 4) { bytes[index] = 255 }
                    }
                }
                let path = try folder.write(bytes, format.file)
                let root = format.file.hasPrefix("s/") ? "\(folder.path)/s" : path
                do {
                    let data = try Datasets.open(root, wanting: format.fields, options: format.options)
                    _ = try data.batch(Array(0..<min(data.count, 8)))
                    _ = try data.labels()
                } catch let error as DLCError {
                    #expect(round > 0 && !error.message.isEmpty, "\(error)")
                }
            }
        }
    }

    /// More of them where the environment asks for it.
    private var rounds: Int { environment("DLC_MUTATIONS").flatMap { Int($0) } ?? 60 }
}
