import DLC
import DLCData
import DLCModel
import DLCTensorFiles
import Testing

@testable import DLCTrain

@Suite struct TrainerTests {
    private let folder: ScratchFolder
    private let file: String

    init() throws {
        folder = try ScratchFolder()
        file = try folder.write(planeText, "fit.dlm")
    }

    private func options(epochs: Int, _ change: (inout TrainerOptions) -> Void = { _ in }) -> TrainerOptions {
        var options = TrainerOptions()
        (options.epochs, options.batch, options.seed, options.threads) = (epochs, 16, 5, 1)
        change(&options)
        return options
    }

    private func settings(_ name: String, _ value: String) -> ModelOptions {
        var options = ModelOptions()
        options.settings[name] = value
        return options
    }

    private func same(_ a: [String: Tensor], _ b: [String: Tensor]) -> Bool {
        a.count == b.count && a.allSatisfy { name, tensor in b[name].map { tensor == $0 } ?? false }
    }

    @Test func lossesFallAndTheBestIsKept() throws {
        let trainer = try Trainer(file, options: options(epochs: 20))
        #expect(trainer.wanted == [WantedField("x", .float32, [3]), WantedField("target", .float32, [1])])
        let outcome = try trainer.run(Plane(count: 100), validation: Plane(count: 40))
        #expect(outcome.history.count == 20 && outcome.step == 20 * 7 && outcome.reason == .finished)
        let first = try #require(outcome.history.first?.validation.first?.value)
        let best = try #require(outcome.best?.validation.first?.value)
        #expect(best < first / 10)
        #expect(best == outcome.history.compactMap { $0.validation.first?.value }.min())
        #expect(Set(outcome.bestWeights.keys) == ["hidden.weight", "hidden.bias", "out.weight", "out.bias"])
    }

    /// A training that is built in Swift takes no file, and has the same bits as one that is written.
    @Test func trainingsBuiltInSwiftAreTrained() throws {
        let training = try Training("Fit") { builder in
            let x = try builder.input("x", .float32, [Dim(symbol: "N"), 3]),
                target = try builder.input("target", .float32, [Dim(symbol: "N"), 1])
            let loss = try x.dense(1, name: "out").meanSquaredError(target)
            try builder.minimize(loss, by: Adam(rate: 1e-2))
            try builder.output("loss", loss)
        }
        let text = """
            training Fit(x: f32[N, 3], target: f32[N, 1]) {
                loss = x.dense(1, name: "out").meanSquaredError(target)
                minimize loss, by: adam(1e-2)
                return loss: loss
            }
            """
        let built = try Trainer(training, options: options(epochs: 2)).run(Plane(count: 40), validation: Plane(count: 20))
        let written = try Trainer(folder.write(text, "swift.dlm"), options: options(epochs: 2)).run(
            Plane(count: 40), validation: Plane(count: 20))
        #expect(same(built.states, written.states) && built.step == 6)
    }

    @Test func aStoppedRunGoesOnAsIfItHadNot() throws {
        let whole = RunFolder("\(folder.path)/whole")
        let undisturbed = try Trainer(file, options: options(epochs: 4)).run(Plane(count: 100), validation: Plane(count: 40), folder: whole)
        let parts = RunFolder("\(folder.path)/parts")
        var outcome: TrainingOutcome?
        for stop in [1, 3, 7, 8, 20, 99] {
            // Every step saves; the run is stopped after so many of them.
            let steps = Counter()
            let trainer = try Trainer(
                file,
                options: options(epochs: 4) {
                    $0.saveEvery = 0; $0.shouldStop = { steps.value == stop }
                })
            outcome = try trainer.run(Plane(count: 100), validation: Plane(count: 40), folder: parts, resuming: parts.holdsCheckpoint) {
                if case .step = $0 { steps.value += 1 }
            }
            if outcome?.reason == .finished { break }
            #expect(outcome?.reason == .stopped)
        }
        let resumed = try #require(outcome)
        #expect(resumed.reason == .finished && resumed.step == undisturbed.step)
        #expect(same(resumed.states, undisturbed.states) && same(resumed.bestWeights, undisturbed.bestWeights))
        #expect(resumed.history.map(\.validation) == undisturbed.history.map(\.validation))
        #expect(resumed.history.map(\.training) == undisturbed.history.map(\.training))
        #expect(try same(parts.bestWeights(), whole.bestWeights()))
        // Everything was done; nothing is left to do.
        let again = try Trainer(file, options: options(epochs: 4)).run(
            Plane(count: 100), validation: Plane(count: 40), folder: parts, resuming: true)
        #expect(again.step == undisturbed.step && same(again.states, undisturbed.states))
        _ = try folder.write(planeText + "\n", "fit.dlm")
        #expect(throws: DLCError.self) {
            try Trainer(file, options: options(epochs: 5)).run(Plane(count: 100), folder: parts, resuming: true)
        }
        _ = try folder.write(planeText, "fit.dlm")
        #expect(throws: DLCError.self) {
            try Trainer(file, options: options(epochs: 5) { $0.batch = 20 }).run(Plane(count: 100), folder: parts, resuming: true)
        }
    }

    @Test func threadsDoNotMatter() throws {
        let one = try Trainer(file, options: options(epochs: 2)).run(Plane(count: 50))
        let two = try Trainer(file, options: options(epochs: 2) { $0.threads = 2 }).run(Plane(count: 50))
        #expect(same(one.states, two.states))
    }

    @Test func whatIsNoNumberIsFound() throws {
        let trainer = try Trainer(file, options: options(epochs: 2))
        let error = #expect(throws: DLCError.self) { try trainer.run(Plane(count: 100, poisoned: 70)) }
        let text = error?.description ?? ""
        #expect(text.contains("the loss became NaN in step") && text.contains("it began there, in"), "\(text)")
        // A rate without bounds spoils the weights, which the step after sees.
        let wild = try folder.write(planeText.replacing("adam(rate)", with: "sgd(1e30)"), "wild.dlm")
        let explosion = #expect(throws: DLCError.self) { try Trainer(wild, options: options(epochs: 5)).run(Plane(count: 100)) }
        #expect(explosion?.description.contains("the loss became") == true, "\(explosion?.description ?? "")")
    }

    @Test func patienceEndsIt() throws {
        let outcome = try Trainer(file, settings("rate", "0.0"), options: options(epochs: 50) { $0.patience = 3 })
            .run(Plane(count: 50), validation: Plane(count: 20))
        #expect(outcome.reason == .patience(3) && outcome.history.count == 4 && outcome.best?.epoch == 1)
    }

    @Test func averagesAreTheBestWeights() throws {
        let outcome = try Trainer(file, settings("average", "true"), options: options(epochs: 2)).run(Plane(count: 50))
        let (average, weight) = (outcome.states["training.average.out.weight"], outcome.states["out.weight"])
        #expect(outcome.bestWeights["out.weight"] == average && average != weight && average != nil)
    }

    @Test func stepsAndLimitsEndIt() throws {
        let outcome = try Trainer(file, options: options(epochs: 3) { ($0.epochs, $0.steps, $0.batchLimit) = (nil, 7, 3) }).run(
            Plane(count: 100))
        #expect(outcome.step == 7 && outcome.history.map(\.step) == [3, 6, 7])
    }

    @Test func aHeadIsDrawnBesideWeights() throws {
        let folder = RunFolder("\(folder.path)/first")
        let first = try Trainer(file, options: options(epochs: 1)).run(Plane(count: 50), folder: folder)
        var settings = ModelOptions()
        settings.weights = folder.bestPath
        settings.drawn = ["out.*"]
        var begun = options(epochs: 1)
        begun.shouldStop = { true }
        let states = try Trainer(file, settings, options: begun).model
        let session = try Session(states)
        #expect(try session.state("hidden.weight") == first.bestWeights["hidden.weight"])
        #expect(try session.state("out.weight") != first.bestWeights["out.weight"])
        settings.drawn = ["head.*"]
        #expect(throws: DLCError.self) { try Trainer(file, settings, options: begun) }
    }

    @Test func watchingChangesNothing() throws {
        let usual = try Trainer(file, options: options(epochs: 2)).run(Plane(count: 50))
        var watches: [LayerWatch] = []
        let watched = try Trainer(file, options: options(epochs: 2) { $0.watches = true }).run(Plane(count: 50)) {
            if case .watched(let watch) = $0 { watches.append(watch) }
        }
        #expect(same(usual.states, watched.states))
        #expect(watches.map(\.epoch) == [1, 2])
        #expect(
            watches.allSatisfy { watch in
                watch.rows.contains { $0.isForward } && watch.rows.contains { !$0.isForward } && watch.gradients != nil
            })
    }

    @Test func aFolderIsHeldByOne() throws {
        let run = RunFolder("\(folder.path)/held")
        let error = #expect(throws: DLCError.self) {
            try Trainer(file, options: options(epochs: 1)).run(Plane(count: 50), folder: run) { event in
                guard case .began = event else { return }
                try Trainer(file, options: options(epochs: 1)).run(Plane(count: 50), folder: run)
            }
        }
        #expect(error?.message.contains("another process trains") == true)
    }

    @Test func epochsStream() async throws {
        let trainer = try Trainer(file, options: options(epochs: 3))
        var epochs: [Int] = []
        for try await record in trainer.fit(Plane(count: 40)) { epochs.append(record.epoch) }
        #expect(epochs == [1, 2, 3])
    }

    @Test func theRateIsSwept() throws {
        let sweep = try Trainer(file, options: options(epochs: 1)).findRate(Plane(count: 100), steps: 60)
        let suggestion = try #require(sweep.suggestion)
        #expect(suggestion > 1e-5 && suggestion < 1)
        #expect(sweep.points.count > 20)
    }

    @Test func optionsAreChecked() throws {
        let one = try Tensor([1] as [Float], shape: [])
        #expect(throws: DLCError.self) { try Trainer(file, options: options(epochs: 0)) }
        #expect(throws: DLCError.self) {
            try Trainer(file, options: options(epochs: 1) { $0.monitor = Metric("accuracy") }).run(Plane(count: 20))
        }
        #expect(throws: DLCError.self) { try Trainer(file, options: options(epochs: 1) { $0.constants = ["y": one] }) }
    }
}

/// Written and read by one thread.
private final class Counter: @unchecked Sendable { var value = 0 }
