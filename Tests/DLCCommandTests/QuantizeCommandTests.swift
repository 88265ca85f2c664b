import DLC
import Foundation
import Testing

/// `dlc quantize`, on the shipped digits.
@Suite struct QuantizeCommandTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    private static let digits = "\(root)/Models/digits.onnx"
    private static let data = "\(root)/Models/course/data/digits-train.npz"

    @Test(arguments: ["onnx", "dlc"]) func theResultIsANetworkLikeAnyOther(_ kind: String) throws {
        let folder = try Folder()
        let done = try Tool.run(["quantize", Self.digits, "--data", Self.data, "--examples", "64", "-o", "small.\(kind)"], in: folder)
        #expect(done.status == 0, "\(done.errors)")
        #expect(done.output.contains("int8") && done.output.contains("layers on 8-bit integers\n"))
        let run = try Tool.run(["run", "small.\(kind)", "--input", "\(Self.root)/Models/digits/seven.png"], in: folder)
        #expect(run.status == 0 && run.output.contains("seven"), "\(run.errors)")
        #expect(folder.contents == ["small.\(kind)"])
    }

    @Test func itIsJudgedAndKeepsWhatWouldLoseTooMuch() throws {
        let folder = try Folder()
        let test = "\(Self.root)/Models/course/data/digits-test.npz"
        let done = try Tool.run(
            ["quantize", Self.digits, "--data", Self.data, "--validation", test, "--accuracy-drop", "0.005", "-o", "small.dlc"], in: folder)
        #expect(done.status == 0, "\(done.errors)")
        #expect(done.output.contains("; accuracy 0.9") && done.output.contains("on 450 examples"))
    }

    @Test(arguments: [
        (["--data", "none.npz", "-o", "a.onnx"], "none.npz"),
        (["--data", data, "-o", "a.png"], "expected a name that ends in .onnx or .dlc"),
        (["--data", data, "-o", "a.onnx", "--keep", "head*"], "--keep 'head*' is no layer that could be quantized"),
        (["--data", data, "-o", "a.onnx", "--answers", "scores"], "there is no output scores"),
    ]) func wrongUsesAreOneMessage(_ arguments: [String], _ message: String) throws {
        let folder = try Folder()
        let done = try Tool.run(["quantize", Self.digits] + arguments, in: folder)
        #expect(done.status == 1 && done.errors.contains(message) && done.errors.split(separator: "\n").count == 1, "\(done.errors)")
        #expect(folder.contents.isEmpty)
    }
}
