import DLC
import DLCTensorFiles
import Testing

/// A recurrent model that takes one step a run, on the command line.
@Suite struct StateCommands {
    private let step = """
        model Step(x: f32[1, 3]) {
            state h: f32[1, 4]
            y = tanh(x.dense(4, name: "a") + h.dense(4, name: "b"))
            next h = y
            return y: y
        }

        """
    private let unrolled = """
        model Unrolled(x: f32[5, 1, 3]) {
            a = dense(4, name: "a")
            b = dense(4, name: "b")
            h = fill([1, 4], 0)
            rows = []
            for i in 0..<5 {
                h = tanh(a(x[i]) + b(h))
                rows = rows + [h.unsqueeze(0)]
            }
            return y: concat(rows, axis: 0)
        }

        """

    private func folder() throws -> Folder {
        let folder = try Folder()
        try folder.write(step, "step.dlm")
        try folder.write(unrolled, "unrolled.dlm")
        try folder.write(Tensor.random(seed: 1, shape: [5, 1, 3]), "x.npy")
        return folder
    }

    @Test func aSequenceOfRunsIsTheModelUnrolled() throws {
        let folder = try folder()
        for arguments in [["build", "step.dlm"], ["export", "step.dlm", "-o", "step.onnx"]] {
            #expect(try Tool.run(arguments, in: folder).status == 0)
        }
        for model in ["unrolled.dlm", "step.dlm", "step.dlc", "step.onnx"] {
            let result = try Tool.run(["run", model, "--input", "x.npy", "--output-dir", "from-\(model)"], in: folder)
            #expect(result.status == 0, "\(result.errors)")
        }
        let expected = try NPY.read(folder.path("from-unrolled.dlm/y.npy"))
        for model in ["step.dlm", "step.dlc", "step.onnx"] {
            let found = try NPY.read(folder.path("from-\(model)/y.npy"))
            #expect(found.shape == [5, 1, 4])
            #expect(try zip(found.doubles(), expected.doubles()).allSatisfy { abs($0 - $1) < 1e-6 })
        }
        #expect(try Tool.run(["run", "step.dlc", "--input", "x.npy"], in: folder).output.contains(", 5 runs"))
    }

    @Test func statesAreShownAndCompared() throws {
        let folder = try folder()
        let shown = try Tool.run(["inspect", "step.dlm"], in: folder).output
        #expect(shown.contains("state   h: f32[1, 4], at first 0.0\n"))
        #expect(!shown.contains("next_h\n") && !shown.contains("note "))
        let compared = try Tool.run(["compare", "step.dlm", "--reference"], in: folder)
        #expect(compared.status == 0 && compared.output.contains("state h"), "\(compared.errors)")
        #expect(try Tool.run(["bench", "step.dlm", "--seconds", "0"], in: folder).status == 0)
    }

    @Test func sequencesOfDifferentLengthsAreRefused() throws {
        let folder = try Folder()
        try folder.write(
            "model M(a: f32[2], b: f32[2]) {\n    state h: f32[2]\n    next h = a + b\n    return y: h\n}\n", "m.dlm")
        try folder.write(Tensor(filling: 1, type: .float32, shape: [3, 2]), "three.npy")
        try folder.write(Tensor(filling: 1, type: .float32, shape: [4, 2]), "four.npy")
        let result = try Tool.run(["run", "m.dlm", "--input", "a=three.npy", "--input", "b=four.npy"], in: folder)
        #expect(result.status == 1)
        #expect(result.errors == "error: m.dlm: input a is a sequence of 3 runs, input b of 4\n")
    }

    @Test func theSwiftTypeIsAnObjectOfOneSequence() throws {
        let folder = try folder()
        #expect(try Tool.run(["build", "step.dlm", "--swift", "Step.swift"], in: folder).status == 0)
        let text = try String(decoding: folder.bytes("Step.swift"), as: UTF8.self)
        #expect(text.contains("public final class Step {"))
        #expect(text.contains("public func run(x: Tensor) throws -> Outputs"))
        #expect(!text.contains("next_h") && !text.contains("nextH"))
    }
}
