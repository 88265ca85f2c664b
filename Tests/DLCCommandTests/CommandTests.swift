import DLC
import DLCTensorFiles
import Foundation
import Testing

@Suite(.serialized) struct Commands {
    private func succeed(_ arguments: [String], in folder: Folder) throws -> String {
        let result = try Tool.run(arguments, in: folder)
        #expect(result.status == 0, "\(arguments.joined(separator: " ")): \(result.errors)")
        #expect(result.errors.isEmpty)
        return result.output
    }

    @Test func runWritesEachOutput() throws {
        let folder = try Folder()
        try folder.writePair()
        try folder.writeInputs()
        for (format, kind) in [("npy", "npy"), ("pb", "pb")] {
            _ = try succeed(
                [
                    "run", "pair.dlir", "--input", "image=image.npy", "--input", "ids=ids.npy", "--output-dir", "a/b", "--output-format",
                    format,
                ],
                in: folder)
            let read = { (name: String) in
                kind == "npy" ? try NPY.read(folder.path("a/b/\(name).npy")) : try ONNXTensorFile.read(folder.path("a/b/\(name).pb")).tensor
            }
            #expect(try read("y") == Tensor([1, 0, 3, 0] as [Float], shape: [2, 2]))
            #expect(try read("z") == Tensor([-5, 6] as [Int64], shape: [2]))
        }
        #expect(folder.contents.filter { $0.hasPrefix("a") } == ["a", "a/b", "a/b/y.npy", "a/b/y.pb", "a/b/z.npy", "a/b/z.pb"])
    }

    @Test func aCompiledFileGivesTheSameBits() throws {
        let folder = try Folder()
        try folder.buildPair()
        for model in ["pair.dlir", "pair.dlc"] {
            _ = try succeed(["run", model, "--random", "--shape", "image=7,2", "--output-dir", "from-\(model)"], in: folder)
        }
        #expect(try folder.bytes("from-pair.dlir/y.npy") == folder.bytes("from-pair.dlc/y.npy"))
    }

    /// (x − mean) / std of columns, from arrays and from a table whose columns have the names that the training saw.
    @Test func numbersAreNormalisedAsTheTrainingDid() throws {
        let folder = try Folder()
        let pairs = #""x.mean": "1 2", "x.std": "2 4", "x.content": "numbers""#
        try folder.write("model Net(x: f32[N, 2]) {\n    metadata \(pairs)\n    return y: x.relu()\n}\n", "net.dlm")
        try folder.write(Tensor([3, 10, 5, -6] as [Float], shape: [2, 2]), "x.npy")
        try folder.write("a,b\n3,10\n5,-6\n", "x.csv")
        for file in ["x.npy", "x.csv"] {
            #expect(try succeed(["run", "net.dlm", "--input", file], in: folder).contains("y: f32[2, 2] = 1, 2, 2, 0"))
        }
    }

    @Test func npzHoldsInputsByName() throws {
        let folder = try Folder()
        try folder.writePair()
        try NPZ.write(
            [("ids", Tensor([1] as [Int64], shape: [1])), ("image", Tensor([2, -1] as [Float], shape: [1, 2]))], to: folder.path("all.npz"))
        #expect(try succeed(["run", "pair.dlir", "--input", "all.npz"], in: folder).contains("y: f32[1, 2] = 2, 0"))
    }

    @Test func aSevenIsRecognized() throws {
        let folder = try Folder()
        let printed = try succeed(["run", Shipped.digits, "--input", Shipped.picture("seven"), "--top", "3"], in: folder)
        let lines = printed.split(separator: "\n")
        #expect(lines.count == 5 && lines[1].trimmingCharacters(in: .whitespaces).hasPrefix("seven"), "\(printed)")
    }

    @Test func theInterfaceNamesInputsAndOutputs() throws {
        let folder = try Folder()
        try folder.writePair()
        _ = try succeed(["build", "pair.dlir", "-o", "net_2.dlc", "--swift", "Net2.swift"], in: folder)
        let text = String(decoding: try folder.bytes("Net2.swift"), as: UTF8.self)
        #expect(text.contains("public struct Net2: Sendable"))
        #expect(text.contains("public func run(image: Tensor, ids: Tensor) throws -> Outputs"))
        #expect(text.contains("forResource: \"net_2\", ofType: \"dlc\""))
    }

    @Test func benchPrintsOneObject() throws {
        let folder = try Folder()
        try folder.writePair()
        let before = folder.contents
        let printed = try succeed(["bench", "pair.dlir", "--seconds", "0", "--threads", "1", "--json"], in: folder)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [String: Double])
        for key in ["load_ms", "first_ms", "median_ms", "min_ms", "peak_rss_mb"] { #expect((object[key] ?? -1) > 0, "\(key)") }
        #expect(folder.contents == before)
    }

    @Test func inspectShowsLayersAndMemory() throws {
        let folder = try Folder()
        let printed = try succeed(["inspect", Shipped.digits], in: folder)
        for word in ["conv1", "image: f32[N, 1, 8, 8]", "probabilities: f32[N, 10]", "lower bound", "without sharing"] {
            #expect(printed.contains(word), "\(word)")
        }
        let kernels = try succeed(["inspect", Shipped.digits, "--kernels"], in: folder)
        #expect(kernels.contains(": conv {") && kernels.contains("window: {kernel: [3, 3]"))
        let totals = try succeed(["inspect", Shipped.digits, "--json"], in: folder)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(totals.utf8)) as? [String: Any])
        #expect(object["parameters"] as? Int ?? 0 > 20_000)
    }

    @Test(arguments: ["imported", "canonical", "laid-out", "lowered"])
    func everyStageIsPrinted(_ stage: String) throws {
        let folder = try Folder()
        let text = try succeed(["inspect", Shipped.digits, "--stage", stage], in: folder)
        #expect(text.hasPrefix("graph digits"))
        #expect(try succeed(["inspect", Shipped.digits, "--stage", stage, "--dot"], in: folder).hasPrefix("digraph"))
    }

    @Test func theTextFormIsAModel() throws {
        let folder = try Folder()
        try folder.write(succeed(["inspect", Shipped.digits, "--text"], in: folder), "digits.dlir")
        _ = try succeed(["compare", "digits.dlir", Shipped.digits, "--tolerance", "0"], in: folder)
    }

    @Test func theReferenceAgrees() throws {
        let folder = try Folder()
        let printed = try succeed(["compare", Shipped.digits, "--reference", "--tolerance", "1e-5"], in: folder)
        #expect(printed.contains("output probabilities"))
    }

    @Test func anExportIsTheSameModel() throws {
        let folder = try Folder()
        _ = try succeed(["export", Shipped.digits, "-o", "again.onnx", "--opset", "13"], in: folder)
        _ = try succeed(["compare", "again.onnx", Shipped.digits, "--tolerance", "1e-6"], in: folder)
    }

    @Test func passesRunByName() throws {
        let folder = try Folder()
        try folder.writeOne()
        let first = try #require(Pipelines.all.first)
        #expect(try succeed(["opt", "--list"], in: folder).contains(first.name))
        #expect(try succeed(["opt", "--pass", "reach-canonical", "one.dlir"], in: folder).contains("stage canonical"))
    }
}
