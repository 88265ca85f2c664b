import DLC
import DLCTensorFiles
import Testing

/// Trainings on the command line.
@Suite struct TrainingCommandTests {
    private static let text = """
        model Line(x: f32[N, 3]) { return y: x.dense(1, name: "fc") }

        training Fit(x: f32[N, 3], target: f32[N, 1]) {
            loss = Line(x).meanSquaredError(target)
            minimize loss, by: adam(5e-2)
            return loss: loss
        }
        """

    private func folder() throws -> Folder {
        let folder = try Folder()
        try folder.write(Self.text, "fit.dlm")
        let x = try Tensor.random(seed: 1, shape: [40, 8, 3])
        let values = try x.doubles()
        let target: [Double] = (0..<320).map { (row: Int) -> Double in
            let (first, second) = (values[3 * row], values[3 * row + 1])
            return first - 2 * second + 0.5
        }
        try folder.write(x, "x.npy")
        try folder.write(try Tensor(doubles: target, type: .float32, shape: [40, 8, 1]), "target.npy")
        return folder
    }

    private func succeed(_ arguments: [String], in folder: Folder) throws -> String {
        let result = try Tool.run(arguments, in: folder)
        #expect(result.status == 0, "\(result.errors)")
        return result.output
    }

    @Test func stepsAreRunSavedAndGoneOnFrom() throws {
        let folder = try folder()
        let inputs = ["--input", "x=x.npy", "--input", "target=target.npy"]
        _ = try succeed(["build", "fit.dlm", "--training", "Fit", "--seed", "3"], in: folder)
        _ = try succeed(["run", "fit.dlc"] + inputs + ["--save-states", "half.safetensors", "--output-dir", "first"], in: folder)
        _ = try succeed(
            ["run", "fit.dlc"] + inputs + ["--states", "half.safetensors", "--save-states", "whole.safetensors", "--output-dir", "second"],
            in: folder)
        let (first, second) = (
            try NPY.read(folder.path("first/loss.npy")).doubles(), try NPY.read(folder.path("second/loss.npy")).doubles()
        )
        #expect(first.count == 40 && second.count == 40)
        #expect(second[39] < first[0] / 4)
        // The weights that were learned are the model's.
        _ = try succeed(
            ["run", "fit.dlc", "--program", "evaluation", "--states", "whole.safetensors", "--random", "--dim", "N=4"], in: folder)
        let inspected = try succeed(["inspect", "fit.dlm", "--training", "Fit"], in: folder)
        #expect(inspected.contains("trains  4 parameters in 2 tensors") && inspected.contains("peak    "))
    }

    /// From the training to pictures' classes, and to the network alone as `.dlc` and ONNX.
    @Test func whatWasLearnedPredicts() throws {
        let folder = try folder()
        try folder.write(
            """
            model Net(x: f32[N, 3]) {
                metadata "labels": ["low", "high"]
                return logits: x.dense(8, name: "hidden").batchNorm(name: "norm").relu().dense(2, name: "head")
            }

            training Learn(x: f32[N, 3], target: f32[N, 1]) {
                logits = Net(x)
                label = (target > 0.5).cast(i64).reshape([target.shape[0]])
                loss = logits.crossEntropy(label)
                minimize loss, by: adam(5e-2), average: ema(0.9)
                predict probabilities: logits.softmax(axis: 1)
                return loss: loss
            }
            """, "learn.dlm")
        let source = ["learn.dlm", "--training", "Learn"]
        let learned = ["--program", "predict", "--weights", "learned.safetensors"]
        _ = try succeed(["build"] + source + ["--set", "N=8", "-o", "learn.dlc"], in: folder)
        _ = try succeed(
            ["run", "learn.dlc", "--input", "x=x.npy", "--input", "target=target.npy", "--save-states", "learned.safetensors"], in: folder)
        try folder.write(try Tensor([2, -1, 0.5] as [Float], shape: [1, 3]), "one.npy")
        let answer = try succeed(
            ["run", "learn.dlc", "--program", "predict", "--states", "learned.safetensors", "--input", "x=one.npy"], in: folder)
        #expect(answer.contains("  high   9") && answer.contains("  low "))
        // The network alone.
        _ = try succeed(["build"] + source + learned + ["-o", "net.dlc"], in: folder)
        _ = try succeed(["build"] + source + learned + ["--set", "N=1", "-o", "one.dlc"], in: folder)
        let inspected = try succeed(["inspect", "one.dlc"], in: folder)
        #expect(inspected.contains("f32[1, 3]") && !inspected.contains("\nstate "))
        let files = ["net.dlc", "one.dlc"]
        for file in files {
            let same = try succeed(["run", file, "--input", "one.npy"], in: folder)
            #expect(same.split(separator: "\n").dropLast() == answer.split(separator: "\n").dropLast())
        }
        _ = try succeed(["export"] + source + learned + ["-o", "net.onnx"], in: folder)
        let same = try succeed(["run", "net.onnx", "--input", "one.npy"], in: folder)
        #expect(same.split(separator: "\n").dropLast() == answer.split(separator: "\n").dropLast())
        for (arguments, words) in [
            (
                ["build"] + source + ["--program", "evaluation"],
                "there is no network evaluation; the one that a training leaves is predict"
            ),
            (["build", "fit.dlm", "--training", "Fit", "--program", "predict"], "training Fit says nothing that it predicts"),
            (["build", "net.onnx", "--program", "predict", "-o", "x.dlc"], "--program is for .dlm models"),
        ] {
            let result = try Tool.run(arguments, in: folder)
            #expect(result.status == 1 && result.errors.contains(words), "\(result.errors)")
        }
    }

    @Test func whatIsNoTrainingIsSaid() throws {
        let folder = try folder()
        _ = try succeed(["build", "fit.dlm", "--training", "Fit"], in: folder)
        for (arguments, words) in [
            (["build", "fit.dlm", "--training", "Fix"], "there is no training Fix; the file has Fit"),
            (["export", "fit.dlm", "--training", "Fit", "-o", "fit.onnx"], "--training names several programs"),
            (["run", "fit.dlc", "--program", "predict", "--random"], "there is no program predict; the model has evaluation"),
            (["run", "fit.dlc", "--random", "--save-states", "s.npy"], "expected a name that ends in .safetensors"),
            (["run", "fit.dlc", "--random", "--states", "none.safetensors"], "none.safetensors"),
            (["build", "fit.dlm", "--memory", "1M"], "--memory is for trainings"),
            (["build", "fit.dlm", "--training", "Fit", "--memory", "1M"], "extent N is open"),
            (["build", "fit.dlm", "--training", "Fit", "--set", "N=8", "--memory", "10"], "at the least"),
            (["inspect", "fit.dlc", "--memory", "1M"], "--memory is for dlc build"),
            (["build", "fit.dlm", "--training", "Fit", "--set", "N=8", "--threads", "2"], "--threads is for --memory"),
        ] {
            let result = try Tool.run(arguments, in: folder)
            #expect(result.status == 1)
            #expect(result.errors.contains(words), "\(result.errors)")
        }
    }
}
