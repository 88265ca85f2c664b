import DLC
import Foundation
import Testing

/// Trainings that compute again what a budget of memory does not let them keep.
@Suite struct MemoryBudgetTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var file: String
        var settings: [String: String]
        var testDescription: String { file }
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Trainings").standardized

    /// Layers that draw, batch norm that moves its statistics, and an average of the weights.
    private static let drawing = """
        model Net(image: f32[N, 3, 16, 16]) {
            x = image.conv(8, kernel: 3, padding: 1, bias: false).batchNorm().relu().dropout(0.2)
            y = x.conv(8, kernel: 3, padding: 1, bias: false).batchNorm().relu().dropout(0.2)
            z = y.conv(8, kernel: 3, padding: 1, bias: false).batchNorm().gelu().dropout(0.2)
            return logits: (x + z).maxPool(2).flatten().dense(5)
        }

        training Learn(image: f32[N, 3, 16, 16], label: i64[N]) {
            loss = Net(image.randomShift(2)).crossEntropy(label)
            minimize loss, by: adam(1e-2)
            return loss: loss
        }
        """

    private static let cases = [
        Case(file: "resnet.dlm", settings: ["N": "32", "size": "16", "counts": "[1, 1]", "width": "8"]),
        Case(file: "unet.dlm", settings: ["N": "4", "size": "64", "width": "4", "depth": "2"]),
        Case(file: "gpt.dlm", settings: ["N": "8", "T": "64", "width": "32", "heads": "2", "layers": "2"]),
        Case(file: "dcgan.dlm", settings: ["N": "8", "width": "4"]),
        Case(file: "vae.dlm", settings: ["N": "64", "code": "4", "width": "8"]),
        Case(file: "drawing", settings: ["N": "64"]),
    ]

    /// A training's file, that of the text above in a folder for its time.
    private static func withFile<R>(_ name: String, _ body: (String) throws -> R) throws -> R {
        if name != "drawing" { return try body(folder.appending(path: name).path()) }
        let file = FileManager.default.temporaryDirectory.appending(path: "dlc-budget-\(UUID().uuidString).dlm")
        defer { try? FileManager.default.removeItem(at: file) }
        try drawing.write(to: file, atomically: true, encoding: .utf8)
        return try body(file.path())
    }

    private static func compiled(_ path: String, _ settings: [String: String], memory: Int? = nil) throws -> PlanImage {
        var model = ModelOptions()
        model.training = "Learn"
        model.settings = settings
        model.seed = 5
        var options = CompileOptions()
        options.memory = memory.map { MemoryBudget(bytes: $0, threads: 2) }
        return try Compiler.compileTraining(path, model, options)
    }

    private static func memory(_ plan: Plan) throws -> SessionMemory {
        let bindings = try plan.bindings([:])
        return try plan.memory(arena: plan.arena(bindings, threads: 2).peak, bindings)
    }

    /// Losses and states after ten steps.
    private static func learned(_ image: PlanImage) throws -> [String: Tensor] {
        let session = try Session(CompiledModel(image), threads: 2)
        var found: [String: Tensor] = [:]
        for step in 0..<10 {
            var inputs: [String: Tensor] = [:]
            for port in session.model.inputs {
                let shape = try #require(port.shape.constants)
                let limit = image.plan.metadata["\(port.name).below"].flatMap { Int64($0) } ?? 2
                let count = shape.reduce(1, *)
                inputs[port.name] =
                    port.type == .int64
                    ? try Tensor((0..<count).map { Int64($0 * 7 + step) % limit }, shape: shape)
                    : try Tensor.random(seed: UInt64(step), shape: shape)
            }
            for (name, tensor) in try session.run(inputs) { found["\(name) of step \(step)"] = tensor }
        }
        for state in session.model.states { found[state.name] = try session.state(state.name) }
        return found
    }

    @Test(arguments: cases) func aBudgetIsKeptWithTheSameBits(_ given: Case) throws {
        try Self.withFile(given.file) { path in
            let free = try Self.compiled(path, given.settings)
            let memory = try Self.memory(free.plan)
            let expected = try Self.learned(free)
            for share in [0.95, 0.8] {
                let budget = memory.total - Int(Double(memory.arena) * (1 - share))
                let image = try Self.compiled(path, given.settings, memory: budget)
                #expect(try Self.memory(image.plan).total <= budget)
                #expect(image.plan.steps.contains { $0.isRepeated })
                #expect(image.plan.steps.count { !$0.isRepeated } == free.plan.steps.count)
                let found = try Self.learned(image)
                for (name, tensor) in expected { #expect(found[name] == tensor, "\(name) at \(share)") }
            }
        }
    }

    @Test func theLeastThatIsSaidIsEnough() throws {
        let settings = ["N": "32", "size": "32", "counts": "[2, 1]", "width": "8"]
        try Self.withFile("resnet.dlm") { path in
            let error = #expect(throws: DLCError.self) { try Self.compiled(path, settings, memory: 1000) }
            let text = error?.description ?? ""
            #expect(text.contains("K at the least") && text.contains("found a budget of 1000 bytes"), "\(text)")
            let number = text.components(separatedBy: "needs ").last?.prefix { $0.isNumber }
            let least = try #require(number.flatMap { Int($0) }) << 10
            let image = try Self.compiled(path, settings, memory: least)
            #expect(try Self.memory(image.plan).total <= least)
            #expect(try Self.memory(Self.compiled(path, settings).plan).total > least * 3 / 2)
        }
    }

    @Test func extentsMustBeKnown() throws {
        try Self.withFile("resnet.dlm") { path in
            var model = ModelOptions()
            model.training = "Learn"
            model.settings = ["size": "16", "counts": "[1]", "width": "4"]
            var options = CompileOptions()
            options.memory = MemoryBudget(bytes: 1 << 20, threads: 1)
            let error = #expect(throws: DLCError.self) { try Compiler.compileTraining(path, model, options) }
            #expect(
                error?.message.contains("extent N is open; settle it, or say which one is likely") == true, "\(String(describing: error))")
            options.likely = ["N": 2]
            _ = try Compiler.compileTraining(path, model, options)
        }
    }

    /// A plan that keeps everything is left as it is.
    @Test func aBudgetThatIsEnoughChangesNothing() throws {
        try Self.withFile("drawing") { path in
            let free = try Self.compiled(path, ["N": "4"])
            let image = try Self.compiled(path, ["N": "4"], memory: try Self.memory(free.plan).total)
            #expect(image.plan.steps.count == free.plan.steps.count)
            #expect(!image.plan.steps.contains { $0.isRepeated })
        }
    }
}
