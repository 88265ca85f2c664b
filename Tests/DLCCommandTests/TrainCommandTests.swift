import DLC
import DLCTensorFiles
import Foundation
import Testing

/// `dlc train`, `dlc evaluate` and `dlc search`.
@Suite struct TrainCommandTests {
    private static let text = """
        model Two(x: f32[N, 2], hidden = 8) {
            metadata "labels": ["left", "right"]
            return logits: x.dense(hidden).relu().dense(2, name: "out")
        }

        training Learn(x: f32[N, 2], label: i64[N], hidden = 8, rate = 5e-2) {
            logits = Two(x, hidden: hidden)
            loss = logits.crossEntropy(label)
            minimize loss, by: adam(rate)
            predict probabilities: logits.softmax(axis: 1)
            return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
        }
        """

    /// 80 points, the class of each by the side of a line that it is on.
    private func folder(_ text: String = text) throws -> Folder {
        let folder = try Folder()
        try folder.write(text, "learn.dlm")
        for (name, seed) in [("train", 1), ("test", 2)] {
            let x = try Tensor.random(seed: UInt64(seed), shape: [80, 2])
            let values = try x.doubles()
            let labels = (0..<80).map { values[2 * $0] + 0.5 * values[2 * $0 + 1] > 0 ? Int64(1) : 0 }
            try NPZ.write([("x", x), ("label", Tensor(labels, shape: [80]))], to: folder.path("\(name).npz"))
        }
        return folder
    }

    private func succeed(_ arguments: [String], in folder: Folder) throws -> String {
        let result = try Tool.run(arguments, in: folder)
        #expect(result.status == 0, "\(arguments.joined(separator: " ")): \(result.errors)")
        return result.output
    }

    @Test func aRunLeavesWhatIsPromised() throws {
        let folder = try folder()
        let printed = try succeed(
            ["train", "learn.dlm", "--data", "train.npz", "--validation", "test.npz", "--epochs", "6", "--seed", "1"], in: folder)
        #expect(printed.contains("42 parameters in 4 tensors") && printed.contains("80 examples"))
        for name in ["best.safetensors", "last.safetensors", "metrics.csv", "curves.svg", "model.dlc", "model/learn.dlm"] {
            #expect(folder.contents.contains("runs/learn/\(name)"), "\(name)")
        }
        #expect(folder.contents.contains { $0.hasPrefix("runs/learn/events.out.tfevents.") })
        try folder.write(Tensor([3, 3] as [Float], shape: [1, 2]), "point.npy")
        #expect(try succeed(["run", "runs/learn/model.dlc", "--input", "point.npy"], in: folder).contains("right"))
        // The parameters fit the model.
        _ = try succeed(["build", "learn.dlm", "--weights", "runs/learn/best.safetensors"], in: folder)
        let judged = try succeed(["evaluate", "runs/learn", "--data", "test.npz"], in: folder)
        #expect(judged.contains("accuracy") && judged.contains("left") && judged.contains("ROC area"))
        let json = try succeed(["evaluate", "runs/learn", "--json"], in: folder)
        #expect(json.contains("\"confusion\": [[") && json.contains("\"examples\": 80"))
        // A second run has a folder of its own.
        _ = try succeed(["train", "learn.dlm", "--data", "train.npz", "--epochs", "1"], in: folder)
        #expect(folder.contents.contains("runs/learn-2/last.safetensors"))
    }

    @Test func aRunThatIsOverCanGoOn() throws {
        let folder = try folder()
        let data = ["--data", "train.npz", "--split", "0.25", "--seed", "7"]
        _ = try succeed(["train", "learn.dlm"] + data + ["--epochs", "5", "--out", "whole"], in: folder)
        _ = try succeed(["train", "learn.dlm"] + data + ["--epochs", "2", "--out", "parts"], in: folder)
        let printed = try succeed(["train", "--resume", "parts", "--epochs", "5"], in: folder)
        #expect(printed.contains("goes on"))
        let (whole, parts) = (
            try Safetensors(contentsOf: folder.path("whole/last.safetensors")),
            try Safetensors(contentsOf: folder.path("parts/last.safetensors"))
        )
        #expect(whole.entries == parts.entries)
        for index in whole.entries.indices {
            #expect(try whole.tensor(at: index) == parts.tensor(at: index), "\(whole.entries[index].name)")
        }
    }

    /// A part that was split off is judged again, and figures are what the last epoch's validation said.
    @Test func whatWasSplitOffIsJudgedAgain() throws {
        let folder = try folder()
        _ = try succeed(
            ["train", "learn.dlm", "--data", "train.npz", "--split", "0.25", "--seed", "7", "--epochs", "3", "--out", "run"], in: folder)
        let json = try succeed(["evaluate", "run", "--json"], in: folder)
        #expect(json.contains("\"examples\": 21"), "\(json)")
        let table = try String(contentsOfFile: folder.path("run/metrics.csv"), encoding: .utf8)
        let accuracies = table.split(separator: "\n").dropFirst().compactMap {
            $0.split(separator: ",").dropFirst(7).first.flatMap { Double($0) }
        }
        let judged = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let metrics = try #require(judged["metrics"] as? [String: Double])
        #expect(accuracies.contains { abs($0 - (metrics["accuracy"] ?? -1)) < 1e-6 }, "\(table) \(metrics)")
    }

    /// A target that was normalised is answered, and judged, in its own units.
    @Test func normalisedTargetsAreAnsweredInTheirUnits() throws {
        let folder = try folder(
            """
            training Learn(x: f32[N, 1], y: f32[N, 1]) {
                answer = x.dense(1, name: "fc")
                minimize answer.meanSquaredError(y), by: sgd(0.3)
                predict y: answer
                return loss: answer.meanSquaredError(y)
            }
            """)
        var rows = ["x,y"]
        for row in 0..<64 { rows.append("\(row),\(1000 + 10 * row)") }
        try folder.write(rows.joined(separator: "\n") + "\n", "line.csv")
        let data = ["--data", "line.csv"]
        _ = try succeed(
            ["train", "learn.dlm"] + data + ["--normalize", "x", "--normalize", "y", "--epochs", "5", "--out", "run"], in: folder)
        try folder.write(Tensor([100] as [Float], shape: [1, 1]), "x.npy")
        _ = try succeed(["run", "run/model.dlc", "--input", "x.npy", "--output-dir", "answer"], in: folder)
        let answer = try #require(try NPY.read(folder.path("answer/y.npy")).doubles().first)
        #expect(abs(answer - 2000) < 10, "\(answer)")
        let json = try succeed(["evaluate", "run", "--json"] + data, in: folder)
        let judged = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let figures = try #require(judged["figures"] as? [String: Double])
        // In deviations, of 185, it would be less than 0.001.
        #expect((0.01..<5).contains(figures["meanAbsoluteError"] ?? 0), "\(json)")
    }

    @Test func classesAreBalanced() throws {
        let folder = try folder()
        var rows = ["a;b;side"]
        for row in 0..<60 { rows.append("\(row % 7);\(row % 5);\(row % 10 == 0 ? "left" : "right")") }
        try folder.write(rows.joined(separator: "\n") + "\n", "rare.csv")
        for (balance, counts) in [("oversample", "left 54, right 54"), ("undersample", "left 6, right 6"), ("smote", "left 54, right 54")] {
            let arguments = [
                "--data", "rare.csv", "--read", "separator=;", "--source", "label=side", "--epochs", "1", "--balance", balance, "--out",
                balance,
            ]
            #expect(try succeed(["train", "learn.dlm"] + arguments, in: folder).contains(counts), "\(balance)")
        }
        _ = try succeed(["train", "--resume", "smote", "--epochs", "2"], in: folder)
    }

    /// What data were normalised by, and their classes, go with the weights; a run keeps to its own text and its own data.
    @Test func runsKnowTheirDataAndTheirText() throws {
        let folder = try folder()
        var rows = ["a,b,side"]
        for row in 0..<60 { rows.append("\(100 + row % 7 * 10),\(row % 5),\(row % 7 > 3 ? "right, far" : "left")") }
        try folder.write(rows.joined(separator: "\n").replacingOccurrences(of: "right, far", with: "\"right, far\"") + "\n", "sides.csv")
        let data = ["--data", "sides.csv"]
        _ = try succeed(
            ["train", "learn.dlm"] + data + ["--source", "label=side", "--normalize", "x", "--epochs", "20", "--out", "run"], in: folder)
        let whole = try succeed(["evaluate", "run", "--source", "label=side"] + data, in: folder)
        #expect(whole.contains("right, far"))
        try FileManager.default.removeItem(atPath: folder.path("run/model.dlc"))
        #expect(try succeed(["evaluate", "run", "--source", "label=side"] + data, in: folder) == whole)
        #expect(
            try succeed(
                ["evaluate", "learn.dlm", "--training", "Learn", "--weights", "run/best.safetensors", "--source", "label=side"] + data,
                in: folder) == whole)
        // Changed after it was begun: the text is passed over with a word, the data are refused.
        try folder.write(Self.text.replacingOccurrences(of: "relu", with: "tanh"), "learn.dlm")
        #expect(try succeed(["evaluate", "run", "--source", "label=side"] + data, in: folder) == whole)
        let resumed = try Tool.run(["train", "--resume", "run", "--epochs", "21"], in: folder)
        #expect(resumed.status == 0 && resumed.errors.contains("goes on with its own copy"), "\(resumed.errors)")
        try folder.write(rows.joined(separator: "\n").replacingOccurrences(of: "right, far", with: "beyond") + "\n", "sides.csv")
        let changed = try Tool.run(["train", "--resume", "run", "--epochs", "22"], in: folder)
        #expect(changed.status == 1 && changed.errors.contains("classes"), "\(changed.errors)")
        try FileManager.default.removeItem(atPath: folder.path("run/best.safetensors"))
        let lost = try Tool.run(["train", "--resume", "run", "--epochs", "22"], in: folder)
        #expect(lost.status == 1, "\(lost.errors)")
    }

    @Test func eventsAreLinesOfJSON() throws {
        let folder = try folder()
        let printed = try succeed(["train", "learn.dlm", "--data", "train.npz", "--steps", "4", "--json"], in: folder)
        let events = printed.split(separator: "\n").map { $0.prefix { $0 != "," } }
        #expect(
            events.count { $0 == "{\"event\": \"step\"" } == 4 && events.first == "{\"event\": \"began\""
                && events.last == "{\"event\": \"ended\"")
    }

    @Test func ratesAndSettingsAreSearched() throws {
        let folder = try folder()
        let swept = try succeed(["train", "learn.dlm", "--data", "train.npz", "--find-rate"], in: folder)
        #expect(swept.contains("suggested"))
        let found = try succeed(
            [
                "search", "learn.dlm", "--data", "train.npz", "--grid", "rate=1e-1,1e-4", "--random", "hidden=2...16", "--trials", "4",
                "--epochs", "3",
            ], in: folder)
        #expect(found.contains("4 trials to epoch 1") && found.contains("the best is in runs/learn-search/trial-"))
    }

    @Test func mistakesAreSaid() throws {
        let folder = try folder()
        _ = try succeed(["train", "learn.dlm", "--data", "train.npz", "--epochs", "1", "--out", "done"], in: folder)
        try folder.write("model Only(x: f32[N, 2]) { return x.dense(2) }", "model.dlm")
        try NPZ.write(
            [("x", Tensor.random(seed: 1, shape: [8, 3])), ("label", Tensor([Int64](repeating: 0, count: 8), shape: [8]))],
            to: folder.path("wide.npz"))
        try NPZ.write(
            [("x", Tensor.random(seed: 1, shape: [8, 2])), ("label", Tensor([Int64](repeating: 5, count: 8), shape: [8]))],
            to: folder.path("five.npz"))
        for (arguments, words) in [
            (["train", "none.dlm", "--data", "train.npz"], "none.dlm"),
            (["train", "model.dlm", "--data", "train.npz"], "the file has no training"),
            (["train", "learn.dlm"], "name the data with --data"),
            (["train", "learn.dlm", "--data", "none.npz"], "none.npz"),
            (["train", "learn.dlm", "--data", "wide.npz"], "x"),
            (["train", "learn.dlm", "--data", "five.npz"], "label"),
            (["train", "learn.dlm", "--data", "train.npz", "--set", "depth=3"], "no parameter `depth` to set"),
            (["train", "learn.dlm", "--data", "train.npz", "--monitor", "f1"], "there is no metric f1; the training has loss, accuracy"),
            (["train", "learn.dlm", "--data", "train.npz", "--normalize", "label"], "label"),
            (["train", "learn.dlm", "--data", "train.npz", "--out", "done"], "holds a run already"),
            (["train", "--resume", "nowhere"], "there is no checkpoint"),
            (["train", "train.npz"], "expected a file ending in .dlm"),
            (["evaluate", "nowhere.onnx", "--data", "test.npz"], "nowhere.onnx"),
            (["search", "learn.dlm", "--data", "train.npz", "--grid", "rate=1,1"], "no list of different values"),
            (["search", "learn.dlm", "--data", "train.npz", "--grid", "depth=1,2"], "no parameter `depth` to set"),
        ] {
            let result = try Tool.run(arguments, in: folder)
            #expect(result.status == 1, "\(arguments): \(result.status)")
            #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
        }
        for arguments in [
            ["train"], ["train", "learn.dlm", "--epochs", "0"], ["train", "learn.dlm", "--early-stopping", "loss"],
            ["search", "learn.dlm"],
        ] {
            #expect(try Tool.run(arguments, in: folder).status == 64)
        }
        #expect(!folder.contents.contains { $0.hasPrefix("runs") })
    }
}
