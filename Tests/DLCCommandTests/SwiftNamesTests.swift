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
