import CKernels
import DLC
import DLCRuntime
import Testing

/// Instructions that stand for several: where they are found, where they must not be, and that they compute the same.
@Suite struct JoinedInstructionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let body: String
        /// The operations wanted in the program, and those that must not be in it.
        let has: [String]
        let lacks: [String]
        var testDescription: String { body }

        init(_ body: String, has: [String] = [], lacks: [String] = []) { (self.body, self.has, self.lacks) = (body, has, lacks) }
    }

    private static let above = "%g: bool[7, 5] = greater(%x, %low)\n"
    private static let aboveOnly = "\(above)%a: T[7, 5] = where(%g, %d, %zero)\n"

    private static let masks: [Case] = [
        Case("\(above)%y: T[7, 5] = where(%g, %d, %zero)", has: ["gate"], lacks: ["greater", "where"]),
        Case("%g: bool[7, 5] = less(%x, %high)\n%y: T[7, 5] = where(%g, %d, %zero)", has: ["gate"], lacks: ["less", "where"]),
        Case(
            "\(aboveOnly)%h: bool[7, 5] = less(%x, %high)\n%y: T[7, 5] = where(%h, %a, %zero)",
            has: ["gate"], lacks: ["greater", "less", "where"]),
        // Two masks of different values are two gates.
        Case(
            "\(aboveOnly)%h: bool[7, 5] = less(%d, %high)\n%y: T[7, 5] = where(%h, %a, %zero)",
            has: ["gate"], lacks: ["where"]),
        // A mask that somebody else reads stays.
        Case(
            "\(aboveOnly)%b: T[7, 5] = where(%g, %x, %low)\n%y: T[7, 5] = add(%a, %b)",
            has: ["gate", "greater", "where"]),
        // What is 0 in a gate is so without a sign, and only where the condition is false.
        Case("\(above)%y: T[7, 5] = where(%g, %d, %negative)", has: ["where"], lacks: ["gate"]),
        Case("\(above)%y: T[7, 5] = where(%g, %d, %high)", has: ["where"], lacks: ["gate"]),
        Case("\(above)%y: T[7, 5] = where(%g, %zero, %d)", has: ["where"], lacks: ["gate"]),
        Case("%g: bool[7, 5] = greater_or_equal(%x, %low)\n%y: T[7, 5] = where(%g, %d, %zero)", has: ["where"], lacks: ["gate"]),
        Case("%g: bool[7, 5] = greater(%x, %d)\n%y: T[7, 5] = where(%g, %d, %zero)", has: ["where"], lacks: ["gate"]),
    ]

    private static let totals: [Case] = [
        Case(
            "%p: T[7, 5] = mul(%x, %d)\n%y: T[5] = reduce_sum(%p) {axes: [0], keepdims: false}", has: ["sum_product"],
            lacks: ["sum", "mul"]),
        Case("%p: T[7, 5] = mul(%x, %high)\n%y: T[5] = reduce_sum(%p) {axes: [0], keepdims: false}", has: ["sum"], lacks: ["sum_product"]),
        Case("%p: T[7, 5] = add(%x, %d)\n%y: T[5] = reduce_sum(%p) {axes: [0], keepdims: false}", has: ["sum"], lacks: ["sum_product"]),
    ]

    private static let powers: [Case] = [
        Case("%y: T[7, 5] = pow(%x, %two)", has: ["mul"], lacks: ["pow"]),
        Case("%y: T[7, 5] = pow(%x, %low)", has: ["pow"], lacks: ["mul"]),
        Case("%y: T[7, 5] = pow(%two, %x)", has: ["pow"], lacks: ["mul"]),
    ]

    @Test(arguments: powers, ["f32", "f64"]) func squaresAreProducts(_ item: Case, _ type: String) throws {
        try check(item, type, Self.special)
    }

    @Test(arguments: masks, ["f32", "f64"]) func masksAreGates(_ item: Case, _ type: String) throws { try check(item, type, Self.special) }

    @Test(arguments: totals, ["f32", "f64"]) func sumsOfProducts(_ item: Case, _ type: String) throws { try check(item, type, Self.plain) }

    private static let plain = (0..<35).map { Double(($0 * 13) % 17) * 0.5 - 4 }
    private static let special: [Double] = {
        var values = plain
        values.replaceSubrange(0..<8, with: [.nan, .infinity, -.infinity, 0, -0.0, 6, 0.25, 1e-40])
        return values
    }()

    private func check(_ item: Case, _ type: String, _ values: [Double]) throws {
        let constants = [("zero", "0.0"), ("negative", "-0.0"), ("low", "0.25"), ("high", "6.0"), ("two", "2.0")].map {
            "%\($0.0) = constant {value: \(type)[] (\($0.1))}"
        }
        let text = (constants + [item.body.replacing("T[", with: "\(type)[")]).joined(separator: "\n")
        let graph = try GraphParser.parse(
            "graph g(%x: \(type)[7, 5], %d: \(type)[7, 5]) -> (%y) {\n\(text)\n}\n", definitions: AllOps.definitions)
        let element = graph.type(graph.inputs[0].value).element
        let inputs = [
            "x": try Tensor(doubles: values, type: element, shape: [7, 5]),
            "d": try Tensor(doubles: Array(values.reversed()), type: element, shape: [7, 5]),
        ]
        let want = try #require(try Interpreter.run(graph, inputs)["y"]).doubles()
        for target in Target.allCases where target.runsHere {
            let image = try Compiler.compile(graph, CompileOptions(target: target))
            let programs = image.plan.steps.compactMap { $0.kernel as? ProgramKernel }
            let operations = Set(programs.flatMap(\.instructions).compactMap { dlc_op.choices.name(of: $0.op.rawValue) })
            #expect(item.has.allSatisfy(operations.contains), "\(operations)")
            #expect(!item.lacks.contains(where: operations.contains), "\(operations)")
            let got = try #require(try Session(CompiledModel(image), threads: 1).run(inputs)["y"]).doubles()
            for (a, b) in zip(got, want) {
                #expect(a == b && (a != 0 || a.sign == b.sign) || a.isNaN && b.isNaN || abs(a - b) <= 1e-5 * abs(b), "\(a) instead of \(b)")
            }
        }
    }
}
