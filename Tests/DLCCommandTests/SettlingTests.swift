import DLC
import DLCTensorFiles
import Foundation
import Testing

@Suite(.serialized) struct Settling {
    /// What the command prints.
    private func succeed(_ arguments: [String], in folder: Folder) throws -> String {
        let result = try Tool.run(arguments, in: folder)
        #expect(result.status == 0, "\(arguments.joined(separator: " ")): \(result.errors)")
        return result.output
    }

    private func ports(_ arguments: [String], in folder: Folder) throws -> [String] {
        try succeed(["build", "pair.dlir", "-o", "pair.dlc"] + arguments, in: folder).isEmpty
            ? [] : CompiledModel(contentsOf: folder.path("pair.dlc")).inputs.map { "\($0.name)\($0.shape)" }
    }

    @Test func aSymbolIsSettledInEveryInput() throws {
        let folder = try Folder()
        try folder.writePair()
        for flags in [["--dim", "N=3"], ["--shape", "image=3,2"], ["--shape", "ids=3"], ["--shape", "ids=3", "--dim", "N=3"]] {
            #expect(try ports(flags, in: folder) == ["image[3, 2]", "ids[3]"], "\(flags)")
        }
        #expect(try ports(["--likely", "N=3"], in: folder) == ["image[N, 2]", "ids[N]"])
    }

    @Test func zeroAndOneAreExtentsToo() throws {
        let folder = try Folder()
        try folder.writePair()
        for extent in [0, 1] { #expect(try ports(["--dim", "N=\(extent)"], in: folder) == ["image[\(extent), 2]", "ids[\(extent)]"]) }
    }

    @Test func benchAndInspectTakeTheSameFlags() throws {
        let folder = try Folder()
        try folder.buildPair()
        for model in ["pair.dlir", "pair.dlc"] {
            for flags in [["--dim", "N=3"], ["--shape", "image=3,2"], ["--shape", "image=3x2"]] {
                _ = try succeed(["bench", model, "--seconds", "0"] + flags, in: folder)
                _ = try succeed(["inspect", model] + flags, in: folder)
            }
        }
        #expect(try succeed(["inspect", "pair.dlir", "--stage", "lowered", "--dim", "N=3"], in: folder).contains("f32[3, 2]"))
        #expect(try succeed(["inspect", "pair.dlir", "--likely", "N=7"], in: folder).contains("with N = 7"))
    }

    /// An `If` on an extent, `x.squeeze(0)` as PyTorch exports it, is compiled for the branch that is likely; files may want the other.
    @Test func aModelIsCompiledAgainForTheOtherBranchOfAnIf() throws {
        let folder = try Folder()
        // x: f32[L, 4]; y = L == 1 ? Squeeze(x) : x
        let model =
            "CAg6lAIKDwoBeBIBcyIFU2hhcGU6AAoTCgFzCgFpEgFuIgZHYXRoZXI6AAoUCgFuCgNvbmUSAWMiBUVxdWFsOgAKjgEKAWMSAXkiAklmKj4KC3"
            + "RoZW5fYnJhbmNoMiwKFQoBeAoCYXgSAXQiB1NxdWVlemU6ABIBYWIQCgF0EgsKCQgBEgUKAxIBUKABBSpACgtlbHNlX2JyYW5jaDIuChIKAXgS"
            + "AWUiCElkZW50aXR5OgASAWJiFQoBZRIQCg4IARIKCgMSAVAKAxIBUaABBToAEgFnKggQBzoBAEIBaSoKEAc6AQFCA29uZSoLCAEQBzoBAEICYX"
            + "haFAoBeBIPCg0IARIJCgMSAUwKAggEYgkKAXkSBAoCCAFCBAoAEBE="
        try folder.write(Array(#require(Data(base64Encoded: model))), "if.onnx")
        for (shape, right) in [([2, 4], [2, 4]), ([1, 4], [4])] {
            try folder.write(Tensor.random(seed: 1, shape: shape), "x.npy")
            _ = try succeed(["run", "if.onnx", "--input", "x=x.npy", "--output-dir", "out"], in: folder)
            #expect(try NPY.read(folder.path("out/y.npy")).shape == right)
        }
    }

    /// The rank that an output declares says what a `Squeeze` without axes drops; files may want another rank.
    @Test func aModelIsCompiledAgainForTheOtherRankOfASqueeze() throws {
        let folder = try Folder()
        // x: f32[N, 1]; y: f32[] = Squeeze(x)
        let model = "CAgSADo3Cg8KAXgSAXkiB1NxdWVlemUSAWdaFAoBeBIPCg0IARIJCgMSAU4KAggBYgsKAXkSBgoECAESAEIECgAQEQ=="
            + ""
        try folder.write(Array(#require(Data(base64Encoded: model))), "squeeze.onnx")
        for (count, right) in [(1, []), (3, [3])] as [(Int, [Int])] {
            try folder.write(Tensor.random(seed: 1, shape: [count, 1]), "x.npy")
            _ = try succeed(["run", "squeeze.onnx", "--input", "x=x.npy", "--output-dir", "out"], in: folder)
            #expect(try NPY.read(folder.path("out/y.npy")).shape == right)
        }
    }

    /// An extent that is an expression says what its symbol is.
    @Test func shapesOfCompiledFilesAreSolved() throws {
        let folder = try Folder()
        try folder.write("graph g(%x: f32[2*N, 3]) -> (%y) {\n    %y = relu(%x)\n}\n", "g.dlir")
        _ = try succeed(["build", "g.dlir", "-o", "g.dlc"], in: folder)
        #expect(try succeed(["inspect", "g.dlc", "--shape", "x=8,3"], in: folder).contains("with N = 4"))
        let result = try Tool.run(["inspect", "g.dlc", "--shape", "x=7,3"], in: folder)
        #expect(result.status == 1 && result.errors.hasPrefix("error: "), "\(result.errors)")
    }

    @Test func exportWritesSettledExtents() throws {
        let folder = try Folder()
        try folder.writePair()
        _ = try succeed(["export", "pair.dlir", "-o", "pair.onnx", "--dim", "N=4"], in: folder)
        let graph = try Compiler.load(folder.path("pair.onnx"))
        #expect(graph.type(graph.inputs[0].value) == TensorType(.float32, [4, 2]))
    }

    @Test func anInputThatDecidesShapesBecomesAConstant() throws {
        let folder = try Folder()
        try folder.write("graph g(%x: f32[N, 2], %w: f32[K]) -> (%y) {\n    %y = mul(%x, %w)\n}\n", "g.dlir")
        try folder.write(Tensor([2, 3] as [Float], shape: [2]), "w.npy")
        _ = try succeed(["build", "g.dlir", "-o", "g.dlc", "--input", "w=w.npy"], in: folder)
        let model = try CompiledModel(contentsOf: folder.path("g.dlc"))
        #expect(model.inputs.map(\.name) == ["x"])
        let outputs = try Session(model).run(["x": Tensor([1, 1] as [Float], shape: [1, 2])])
        #expect(try outputs["y"]?.array(of: Float.self) == [2, 3])
    }

    /// GatherND of `x[N, M]` at `i[K, R]`, whose rank only R decides: it runs for the extents of the files.
    @Test func whatCannotBeCompiledOpenRunsForTheFiles() throws {
        let folder = try Folder()
        let bytes =
            "CAgSADpRChMKAXgKAWkSAXkiCEdhdGhlck5EEgFnWhUKAXgSEAoOCAESCgoDEgFOCgMSAU1aFQoBaRIQCg4IBxIKCgMSAUsKAxIBUmIJCgF5EgQKAggBQgQKABAR"
        try #require(Data(base64Encoded: bytes)).write(to: URL(fileURLWithPath: folder.path("gather.onnx")))
        try folder.write(Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]), "x.npy")
        for (places, shape, expected) in [([1, 2, 0, 0], [2, 2], [6, 1] as [Float]), ([1], [1, 1], [4, 5, 6])] {
            try folder.write(Tensor(places.map { Int64($0) }, shape: shape), "i.npy")
            _ = try succeed(["run", "gather.onnx", "--input", "x=x.npy", "--input", "i=i.npy", "--output-dir", "out"], in: folder)
            #expect(try NPY.read(folder.path("out/y.npy")).array(of: Float.self) == expected)
        }
        let result = try Tool.run(["build", "gather.onnx", "-o", "gather.dlc"], in: folder)
        #expect(result.status == 1 && result.errors.contains("their last dimension"), "\(result.errors)")
    }

    @Test func whatCannotBeSettledIsSaid() throws {
        let folder = try Folder()
        try folder.buildPair()
        try folder.writeInputs()
        let cases: [([String], String)] = [
            (["build", "pair.dlir", "--dim", "M=1"], "there is no dimension M to settle; the model has N"),
            (["build", "pair.dlir", "--shape", "picture=1,2"], "there is no input picture; the model has image: f32[N, 2], ids: i64[N]"),
            (["build", "pair.dlir", "--shape", "image=1,3"], "does not fit f32[N, 2]: dimension 1 is 2"),
            (
                ["build", "pair.dlir", "--shape", "image=1,2", "--dim", "N=2"],
                "dimension N is 2 by its own setting and 1 by the shape of input image"
            ),
            (["build", "pair.dlir", "--dim", "N=1", "--dim", "N=2"], "--dim gives dimension N two extents"),
            (["build", "pair.dlir", "--input", "ids=image.npy"], "input ids is i64[N], the constant is f32[2, 2]"),
            (["build", "pair.dlir", "--input", "ids=absent.npy"], "absent.npy"),
            (["build", "pair.dlir", "--input", "ids.npy"], "expected NAME=FILE"),
            (["bench", "pair.dlc", "--input", "ids=ids.npy"], "is compiled already"),
            (["bench", "pair.dlc", "--dim", "M=1"], "there is no dimension M"),
            (["bench", "pair.dlc", "--likely", "N=1"], "is compiled already"),
        ]
        for (arguments, message) in cases {
            let result = try Tool.run(arguments, in: folder)
            #expect(
                result.status == 1 && result.errors.hasPrefix("error: ") && result.errors.contains(message),
                "\(arguments): \(result.errors)")
        }
    }
}
