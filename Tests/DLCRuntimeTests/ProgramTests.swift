import DLC
@testable import DLCRuntime
import Testing

/// Further programs of a compiled model.
@Suite struct ProgramTests {
    @Test func aProgramIsMadeOnce() throws {
        var plan = Plan(name: "step", target: .portable)
        plan.programs = [Plan(name: "evaluation", target: .portable), Plan(name: "predict", target: .portable)]
        let model = try CompiledModel(PlanImage(plan: plan))
        let first = try model.program("evaluation")
        // A copy of the model knows the same ones.
        let copy = model
        #expect(try copy.program("evaluation").packedConstants === first.packedConstants)
        #expect(try model.program("predict").packedConstants !== first.packedConstants)
        #expect(throws: DLCError.self) { try first.program("predict") }
    }
}
