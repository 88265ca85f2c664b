import DLC
import DLCTensorFiles
import Foundation
import Testing

/// `--weights`, `--rename`, `--set`, `--model` and `--seed`, and the export of weights.
@Suite(.serialized) struct WeightCommands {
    private static let text = """
        model Small(x: f32[2, 4], classes = 3, act = "relu") {
            y = x.dense(5, name: "first")
            y = (act == "relu" ? y.relu() : y.tanh()).batchNorm(name: "bn")
            return y: y.reshape([1, 2, 5]).dense(classes, name: "last").reshape([2, classes])
        }

        """

    private func succeed(_ arguments: String..., in folder: Folder) throws {
        let result = try Tool.run(arguments, in: folder)
        #expect(result.status == 0 && result.errors.isEmpty, "\(arguments.joined(separator: " ")): \(result.errors)")
    }

    /// What a model computes on inputs that are the same every time.
    private func outputs(_ arguments: String..., in folder: Folder) throws -> Tensor {
        let result = try Tool.run(["run"] + arguments + ["--random", "--output-dir", "out"], in: folder)
        #expect(result.status == 0 && result.errors.isEmpty, "\(arguments.joined(separator: " ")): \(result.errors)")
        return try NPY.read(folder.path("out/y.npy"))
    }

    @Test func exportedWeightsAreTheModelAgain() throws {
        let folder = try Folder()
        try folder.write(Self.text, "small.dlm")
        let wanted = try outputs("small.dlm", "--seed", "7", in: folder)
        #expect(try outputs("small.dlm", in: folder) != wanted)
        for file in ["w.safetensors", "small.onnx"] {
            try succeed("export", "small.dlm", "--seed", "7", "-o", file, in: folder)
            #expect(try outputs("small.dlm", "--weights", file, in: folder) == wanted, "\(file)")
        }
        // The weights of an ONNX file, and a file made of a file, are the same.
        try succeed("export", "small.onnx", "-o", "from-onnx.safetensors", in: folder)
        try succeed("export", "small.dlm", "--weights", "w.safetensors", "-o", "again.safetensors", in: folder)
        #expect(try outputs("small.dlm", "--weights", "from-onnx.safetensors", "--rename", "*_shape=", in: folder) == wanted)
        #expect(try folder.bytes("again.safetensors") == folder.bytes("w.safetensors"))
        let file = try Safetensors(contentsOf: folder.path("w.safetensors"))
        #expect(file.metadata == ["format": "pt"])
        #expect(
            file.entries.map { "\($0.name) \($0.shape)" } == [
                "first.weight [5, 4]", "first.bias [5]", "bn.weight [5]", "bn.bias [5]", "bn.running_mean [5]", "bn.running_var [5]",
                "last.weight [3, 5]", "last.bias [3]",
            ])
        #expect(try outputs("small.onnx", in: folder).shape == wanted.shape)
    }

    @Test func settingsChangeTheModel() throws {
        let folder = try Folder()
        try folder.write(Self.text, "small.dlm")
        #expect(try outputs("small.dlm", "--set", "classes=7", in: folder).shape == [2, 7])
        let tanh = try outputs("small.dlm", "--set", "act=tanh", in: folder)
        #expect(try outputs("small.dlm", "--set", "act=\"tanh\"", in: folder) == tanh)
        #expect(try outputs("small.dlm", in: folder) != tanh)
    }

    @Test func trainableParametersAreCounted() throws {
        let folder = try Folder()
        try folder.write(Self.text, "small.dlm")
        let result = try Tool.run(["inspect", "small.dlm", "--json"], in: folder)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        // Dense 4 → 5, scales and offsets of batch norm without its statistics, dense 5 → 3.
        #expect(object["parameters"] as? Int == (4 * 5 + 5) + 2 * 5 + (5 * 3 + 3))
        #expect(try Tool.run(["inspect", "small.dlm"], in: folder).output.contains("trains  53 parameters in 6 tensors, and 10 running"))
    }

    @Test func oneOfSeveralModelsIsChosen() throws {
        let folder = try Folder()
        try folder.write("model A(x: f32[1]) { return y: x }\nmodel B(x: f32[2]) { return y: relu(x) }\n", "two.dlm")
        #expect(try outputs("two.dlm", "--model", "B", in: folder).shape == [2])
        let result = try Tool.run(["build", "two.dlm"], in: folder)
        #expect(result.status == 1 && result.errors.contains("several models, A, B"), "\(result.errors)")
    }

    @Test func everyCommandTakesTheFlags() throws {
        let folder = try Folder()
        try folder.write(Self.text, "small.dlm")
        try succeed("export", "small.dlm", "--set", "classes=6", "-o", "w.safetensors", in: folder)
        let flags = ["--set", "classes=6", "--weights", "w.safetensors"]
        for arguments in [
            ["build", "small.dlm", "-o", "small.dlc"], ["inspect", "small.dlm"], ["bench", "small.dlm", "--seconds", "0"],
            ["export", "small.dlm", "-o", "small.onnx"], ["compare", "small.dlm", "--reference"], ["compare", "small.dlm", "small.dlc"],
            ["compare", "small.onnx", "small.dlm"], ["opt", "small.dlm", "--pass", "reach-canonical"],
        ] {
            let result = try Tool.run(arguments + flags, in: folder)
            #expect(result.status == 0 && result.errors.isEmpty, "\(arguments.joined(separator: " ")): \(result.errors)")
        }
    }

    @Test func mismatchesAreReportedWholeAndUnusedTensorsWarnedOf() throws {
        let folder = try Folder()
        try folder.write(Self.text, "small.dlm")
        try succeed("export", "small.dlm", "-o", "w.safetensors", in: folder)
        let before = folder.contents
        let wrong = try Tool.run(
            ["build", "small.dlm", "--weights", "w.safetensors", "--set", "classes=4", "--rename", "first.*=fist.*"], in: folder)
        #expect(wrong.status == 1 && folder.contents == before)
        #expect(
            wrong.errors == """
                error: w.safetensors does not fit the model Small: 2 parameters are missing, 2 of another shape or type
                  missing    first.bias: f32[5]; the file has fist.bias
                  missing    first.weight: f32[5, 4]; the file has fist.weight
                  misshapen  last.bias: f32[4], found f32[3]
                  misshapen  last.weight: f32[4, 5], found f32[3, 5]
                  unused     fist.bias: f32[5]
                  unused     fist.weight: f32[5, 4]
                --rename 'FROM=TO' gives tensors other names, --rename 'FROM=' leaves them out

                """)
        try NPZ.write(
            [("more", Tensor([1] as [Float], shape: [1]))] + Safetensors(contentsOf: folder.path("w.safetensors")).tensors(),
            to: folder.path("w.npz"))
        let warned = try Tool.run(["build", "small.dlm", "--weights", "w.npz"], in: folder)
        #expect(warned.status == 0 && warned.errors == "warning: w.npz is not used whole\n  unused     more: f32[1]\n", "\(warned.errors)")
    }

    @Test(arguments: [
        ["run", "a.dlm", "--set", "classes"], ["run", "a.dlm", "--set", "=3"], ["build", "a.dlm", "--rename", "a=b"],
        ["build", "a.dlm", "--weights", "w.npz", "--rename", "a"], ["build", "a.dlm", "--weights", "w.npz", "--rename", "a=*"],
        ["build", "a.dlm", "--weights", "w.npz", "--seed", "1"], ["build", "a.dlm", "--seed", "-1"],
        ["export", "a.dlm", "-o", "w.safetensors", "--opset", "17"],
    ])
    func wrongUsageHasStatus64(_ arguments: [String]) throws {
        let folder = try Folder()
        let result = try Tool.run(arguments, in: folder)
        #expect(result.status == 64, "\(result.errors)")
        #expect(folder.contents.isEmpty)
    }
}

extension Safetensors {
    fileprivate func tensors() throws -> [(name: String, tensor: Tensor)] {
        try entries.indices.map { (entries[$0].name, try tensor(at: $0)) }
    }
}
