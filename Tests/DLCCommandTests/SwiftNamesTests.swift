import DLC
import Testing

@testable import DLCCommand

@Suite struct NamesInSwift {
    @Test(arguments: [
        ("digits", "Digits"), ("mobilenet_v2", "MobilenetV2"), ("resnet50-v1.5", "Resnet50V15"), ("3d", "Model3d"),
        ("学", "Model"), ("session", "SessionModel"), ("", "Model"),
    ])
    func modelsBecomeTypes(_ name: String, _ expected: String) { #expect(SwiftNames.type(name) == expected) }

    @Test(arguments: [
        ("image", "image"), ("serving_default_input:0", "servingDefaultInput0"), ("Input3", "input3"), ("URL", "url"),
        ("NHWCImage", "nhwcImage"), ("in", "`in`"), ("self", "selfValue"), ("1", "value1"), ("学", "value"),
    ])
    func portsBecomeProperties(_ name: String, _ expected: String) { #expect(SwiftNames.values([name]) == [expected]) }

    @Test func equalNamesAreNumbered() {
        #expect(SwiftNames.values(["a", "a.", "a_2", "a"]) == ["a", "a_2", "a2", "a_3"])
    }

    @Test func stringsAreEscaped() {
        var plan = Plan(name: "m", target: .portable)
        plan.outputs = [Plan.Port(name: "say \"\\(x)\"\n", type: .float32, shape: [1], location: .constant(0))]
        let text = TypedInterface(plan, resource: "m", source: "m").text
        #expect(text.contains(#"tensor("say \"\\(x)\"\u{a}", of: tensors)"#))
        #expect(text.contains("sessions.run([:])"))
    }

    @Test func trainingsBecomeTypesThatLearn() {
        func plan(_ name: String, _ inputs: [String], _ outputs: [Plan.Port]) -> Plan {
            var plan = Plan(name: name, target: .portable)
            plan.inputs = inputs.map { Plan.Port(name: $0, type: .float32, shape: [2], location: .input(0)) }
            plan.outputs = outputs
            return plan
        }
        let loss = Plan.Port(name: "loss", type: .float32, shape: [], location: .constant(0))
        let made = Plan.Port(name: "made", type: .float32, shape: [3], location: .constant(0))
        var step = plan("Learn", ["image", "in"], [loss, made])
        step.states = ["fc.weight", "training.rate", "training.rate.generator", "training.key"].map {
            Plan.State(name: $0, type: .float32, shape: $0.hasPrefix("training.rate") ? [] : [2], initial: 0)
        }
        step.programs = [plan("evaluation", ["image", "in"], [loss, made])]
        let text = TypedInterface(step, resource: "learn", source: "Learn").text
        for line in [
            "public final class LearnTraining {", "        public let loss: Float", "        public let made: Tensor",
            "    @discardableResult public func step(image: Tensor, `in`: Tensor) throws -> Results {",
            "        try Results(self.training.evaluate([\"image\": image, \"in\": `in`]))",
            "            self.loss = try Self.tensor(\"loss\", of: tensors).array(of: Float.self)[0]",
            "    public func setRate(_ rate: Float) throws { try training.session.setState(\"training.rate\", Tensor([rate], shape: [])) }",
            "    public func setRateGenerator(_ rate: Float) throws {",
        ] { #expect(text.contains("\n\(line)"), "\(line)") }
        #expect(!text.contains("Prediction") && !text.contains("setKey"))
        step.programs.append(plan("predict", [], [made]))
        let predicting = TypedInterface(step, resource: "DigitsTraining", source: "Learn").text
        #expect(
            predicting.contains("\n    public func predict() throws -> Prediction {\n        try Prediction(self.training.predict([:]))\n"))
        #expect(predicting.contains("public final class DigitsTraining {"))
    }
}

@Suite struct NumbersInText {
    @Test func unitsFollowTheMagnitude() {
        #expect(Format.bytes(0) == "0 B")
        #expect(Format.bytes(1536) == "1.50 KiB")
        #expect(Format.count(25_557_032) == "25.6 M")
        #expect(Format.fixed(2.5, 0) == "2" && Format.fixed(-0.126, 2) == "-0.13" && Format.fixed(.nan, 1) == "nan")
    }

    @Test func controlCharactersAreEscapedInJSON() { #expect(Format.json("a\"\\\n") == #""a\"\\\u000a""#) }
}
