import DLC
import Foundation
import Testing

@testable import DLCFuzz

/// The fuzzer's own parts: what it makes is the same each time, what it writes reads back, and what it finds becomes small.
@Suite struct FuzzTests {
    static let patterns = [
        """
        graph chain(%x: f32[N, 4]) -> (%y) {
            %a: f32[N, 4] = relu(%x)
            %b: f32[N, 4] = exp(%a)
            %c: f32[N, 4] = add(%b, %x)
            %y: f32[N, 4] = neg(%c)
        }
        """
    ].compactMap { try? Sketch(GraphParser.parse($0, definitions: AllOps.definitions)) }

    private func cases(_ seeds: Range<UInt64>) -> [FuzzCase] {
        seeds.compactMap { seed in
            var generator = Generator(seed: seed, patterns: Self.patterns)
            return generator.next()
        }
    }

    /// What the fuzzer has found, cut to the fewest nodes, stays mended.
    @Test(arguments: files("Found")) func whatWasFoundStaysMended(_ name: String) throws {
        let test = try FuzzCase(text: Self.text("Found", name))
        let failure = try Check.failure(test)
        #expect(failure == nil, "\(failure.map { "\($0.key): \($0.message)" } ?? "")")
    }

    /// Of what it has found, graphs that mean nothing, or nothing that a kernel is to be made for, are refused as they are built.
    @Test(arguments: files("Refused")) func whatMeansNothingIsRefused(_ name: String) throws {
        let text = try Self.text("Refused", name)
        #expect(throws: DLCError.self) { try FuzzCase(text: text).sketch.build() }
    }

    /// What the fuzzer begins with computes as it is defined, before anything is changed.
    @Test(arguments: files("Patterns")) func whatIsBegunWithHolds(_ name: String) throws {
        let sketch = Sketch(try GraphParser.parse(Self.text("Patterns", name), definitions: AllOps.definitions))
        for seed in 1...3 as ClosedRange<UInt64> {
            var generator = Generator(seed: seed, patterns: [])
            try generator.start(with: sketch)
            let run = FuzzCase.Run(bindings: generator.bindings, inputs: generator.inputs)
            let failure = try Check.failure(FuzzCase(sketch: generator.sketch, runs: [run], target: .native, isExact: false))
            #expect(failure == nil, "\(failure.map { "\($0.key): \($0.message)" } ?? "")")
        }
    }

    @Test func someGraphsHaveWhatDataDecide() {
        let names = cases(0..<300).reduce(into: Set<String>()) { $0.formUnion($1.sketch.steps.map(\.op.name)) }
        #expect(names.intersection(["if", "loop", "non_zero", "compress", "unique", "numbers"]).count > 3)
    }

    private static func folder(_ name: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../Fuzz/\(name)")
    }

    private static func files(_ name: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder(name).path)) ?? []).filter { $0.hasSuffix(".dlir") }.sorted()
    }

    private static func text(_ name: String, _ file: String) throws -> String {
        try String(contentsOf: folder(name).appendingPathComponent(file), encoding: .utf8)
    }

    @Test func mostSeedsGiveACase() { #expect(cases(0..<100).count > 80) }

    @Test func aSeedGivesTheSameCase() throws {
        for (a, b) in zip(cases(0..<40), cases(0..<40)) { #expect(try a.text() == b.text()) }
    }

    @Test func whatIsWrittenReadsBack() throws {
        for test in cases(100..<160) {
            let again = try FuzzCase(text: test.text())
            #expect(try again.text() == test.text())
            #expect(again.runs.count == test.runs.count && again.target == test.target && again.isExact == test.isExact)
        }
    }

    @Test func aFailureBecomesTheNodeThatFails() throws {
        let inputs = ["x": try Tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] as [Float], shape: [3, 4])]
        let sketch = try #require(Self.patterns.first)
        let run = FuzzCase.Run(bindings: ["N": 3], inputs: inputs)
        let test = FuzzCase(sketch: sketch, runs: [run, run], target: .portable, isExact: true)
        var reducer = Reducer(test, seconds: 20) { candidate in candidate.sketch.steps.contains { $0.op.name == "exp" } }
        reducer.reduce()
        #expect(reducer.test.sketch.steps.map(\.op.name) == ["exp"])
        #expect(reducer.test.runs.count == 1 && reducer.test.sketch.symbols.isEmpty)
        #expect(reducer.test.runs[0].inputs.values.allSatisfy { $0.count == 1 })
    }

    @Test func onlyWhatTheModelSettlesCounts() throws {
        // A sum whose terms cancel, and one whose terms do not.
        let text = """
            graph sums(%x: f32[2, 2]) -> (%y) {
                %big = constant {value: f32[2, 1] (1.0e7, 1.0)}
                %a: f32[2, 2] = exp(%x)
                %b: f32[2, 2] = add(%a, %big)
                %y: f32[2, 2] = sub(%b, %big)
            }
            """
        let graph = try GraphParser.parse(text, definitions: AllOps.definitions)
        let run = FuzzCase.Run(bindings: [:], inputs: ["x": try Tensor([0.1, 0.2, 0.3, 0.4] as [Float], shape: [2, 2])])
        let oracle = try StableOracle(graph, run, isExact: false)
        var values = try #require(oracle.outputs["y"]?.first).array(of: Float.self)
        values[0] += 1
        #expect(try oracle.fault(Tensor(values, shape: [2, 2]), "y") == nil)
        values[3] += 0.1
        #expect(try oracle.fault(Tensor(values, shape: [2, 2]), "y") != nil)
        #expect(try oracle.fault(Tensor(values, shape: [4]), "y") != nil)
    }

    @Test func neighbouringSeedsDiffer() throws {
        let texts = try cases(0..<50).map { try $0.text() }
        #expect(Set(texts).count == texts.count)
    }
}
