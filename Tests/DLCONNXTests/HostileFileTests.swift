import DLCGraph
import DLCONNX
import Foundation
import Testing

/// Damaged files give errors, never traps. `Tests/hostile_models.py` writes many more.
@Suite struct HostileFileTests {
    private func bytes(of text: String) throws -> [UInt8] {
        try withFolder { folder in
            try exportONNX(try importONNX(text: model(text)), to: folder + "/model.onnx")
            return try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/model.onnx")))
        }
    }

    private func imports(_ bytes: [UInt8], in folder: String) throws -> Bool {
        let path = folder + "/damaged.onnx"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        do {
            _ = try importONNX(path: path)
            return true
        } catch is DLCError {
            return false
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let whole = try bytes(of: ExportTests.models[2])
        try withFolder { folder in
            let accepted = try (0...whole.count).filter { try imports(Array(whole[..<$0]), in: folder) }
            #expect(accepted == [whole.count])
        }
    }

    @Test func randomDamageNeverTraps() throws {
        var generator = SplitMix64(seed: 5)
        try withFolder { folder in
            for text in ExportTests.models {
                let whole = try bytes(of: text)
                for _ in 0..<200 {
                    var damaged = whole
                    for _ in 0..<Int.random(in: 1...4, using: &generator) {
                        let index = Int.random(in: damaged.indices, using: &generator)
                        damaged[index] = UInt8.random(in: 0...255, using: &generator)
                    }
                    _ = try imports(damaged, in: folder)
                }
            }
        }
    }

    @Test func aMissingFileAndAFolderAreErrors() {
        #expect(throws: DLCError.self) { try importONNX(path: "/nowhere/model.onnx") }
        #expect(throws: DLCError.self) { try importONNX(path: "/") }
    }
}
