import DLC
import DLCOps
import Foundation
import Testing

/// Strings in sessions: they live as long as somebody can read them, and no longer.
@Suite struct StringSessionTests {
    private func compiled(_ text: String) throws -> CompiledModel {
        try CompiledModel(Compiler.compile(GraphParser.parse(text, definitions: AllOps.definitions)))
    }

    private static let moving = """
        graph g(%x: string[N], %c: bool[N]) -> (%y) {
            %table = constant {value: string[2] ("of the table, long", "")}
            %i = constant {value: i64[1] (0)}
            %t: string[1] = gather(%table, %i) {axis: 0}
            %w: string[N] = where(%c, %x, %t)
            %y: string[N + 1] = concat(%w, %t) {axis: 0}
        }
        """

    /// A table of strings stays in the graph, so that what reads it runs.
    private static let looking = """
        graph g(%i: i64[N]) -> (%y) {
            %table = constant {value: string[3] ("zero, at length", "\\xff\\xfe of no UTF-8", "two")}
            %y: string[N] = gather(%table, %i) {axis: 0}
        }
        """

    @Test func outputsOutliveInputsAndRuns() throws {
        let session = try Session(compiled(Self.moving), threads: 2)
        var outputs: [Tensor] = []
        for round in 0..<3 {
            let texts = (0..<4).map { "round \(round), text \($0)" }
            let inputs = try ["x": Tensor(texts, shape: [4]), "c": Tensor([true, false, true, true], shape: [4])]
            outputs.append(try #require(try session.run(inputs)["y"]))
        }
        for (round, output) in outputs.enumerated() {
            let own = [0, 2, 3].map { "round \(round), text \($0)" }
            let expected = [own[0], "of the table, long", own[1], own[2], "of the table, long"]
            #expect(try output.array(of: String.self) == expected)
        }
        // Another input is set, and what the last run gave is still there.
        try session.setInput(0, Tensor(["gone"], shape: [1]))
        #expect(try session.output(0) == outputs[2])
        try session.withOutput(0) { #expect($0.count == 5 * 8) }
    }

    @Test func aLongSessionForgetsWhatItHasSeen() throws {
        let before = StringPool.shared.count
        let session = try Session(compiled(
            """
            graph g(%x: string[N]) -> (%y) {
                %end = constant {value: string[] (", and an end")}
                %y: string[N] = string_concat(%x, %end)
            }
            """))
        for round in 0..<500 {
            let x = try Tensor((0..<4).map { "a text of round \(round), \($0)" }, shape: [4])
            let y = try #require(try session.run(["x": x])["y"])
            #expect(try y.array(of: String.self)[1] == "a text of round \(round), 1, and an end")
        }
        #expect(StringPool.shared.count - before < 500)
    }

    @Test func sessionsRunBesideEachOther() async throws {
        let model = try compiled(
            """
            graph g(%x: string[N]) -> (%y, %n) {
                %y: string[N, P], %n: i64[N] = string_split(%x) {delimiter: ", "}
            }
            """)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    let session = try Session(model, threads: 1)
                    for round in 0..<50 {
                        let x = try Tensor(["task number \(task), round number \(round)", "one"], shape: [2])
                        let y = try session.run(["x": x])["y"]
                        #expect(y?.shape == [2, 2])
                        #expect(try y?.array(of: String.self) == ["task number \(task)", "round number \(round)", "one", ""])
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func aFileKeepsConstants() throws {
        for text in [Self.looking, Self.moving] {
            let image = try Compiler.compile(GraphParser.parse(text, definitions: AllOps.definitions))
            let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString + ".dlc").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            try PlanFile.write(image, to: path)
            let inputs =
                text == Self.looking
                ? ["i": try Tensor([2, 1, 0, 1] as [Int64], shape: [4])]
                : ["x": try Tensor(["an input of some length"], shape: [1]), "c": try Tensor([false], shape: [1])]
            let loaded = try Session(CompiledModel(contentsOf: path), threads: 1).run(inputs)
            #expect(try loaded == Session(CompiledModel(image), threads: 1).run(inputs))
            if text == Self.looking {
                let bytes = try #require(loaded["y"]).texts()
                #expect(bytes == [Array("two".utf8), [0xff, 0xfe] + Array(" of no UTF-8".utf8), Array("zero, at length".utf8), bytes[1]])
            }
            try checkDamage(path)
        }
    }

    /// A file that is cut off, or whose strings are longer than it says, is refused.
    private func checkDamage(_ path: String) throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let table = try #require(whole.range(of: Data("at length".utf8)) ?? whole.range(of: Data("of the table".utf8)))
        for length in [UInt8.max, 1] {
            var damaged = whole
            let start = table.lowerBound / 64 * 64
            damaged[start] = length
            try damaged.write(to: URL(fileURLWithPath: path))
            #expect(throws: DLCError.self) { try CompiledModel(contentsOf: path) }
        }
        try whole.dropLast(1).write(to: URL(fileURLWithPath: path))
        #expect(throws: DLCError.self) { try CompiledModel(contentsOf: path) }
    }

    @Test func statesOfStringsAreKept() throws {
        let session = try Session(compiled(
            """
            graph g(%x: string[2]) -> (%y) {
                state %last: string[2] = ("at the beginning", "") -> %x
                %i = constant {value: i64[2] (1, 0)}
                %y: string[2] = gather(%last, %i) {axis: 0}
            }
            """))
        var expected = ["", "at the beginning"]
        for round in 0..<4 {
            let texts = ["first of round \(round)", "second of round \(round)"]
            #expect(try session.run(["x": Tensor(texts, shape: [2])])["y"]?.array(of: String.self) == expected)
            expected = texts.reversed()
        }
        #expect(try session.state("last").array(of: String.self) == expected.reversed())
        try session.setState("last", Tensor(["set to something", "else"], shape: [2]))
        #expect(try session.run(["x": Tensor(["", ""], shape: [2])])["y"]?.array(of: String.self) == ["else", "set to something"])
        session.resetState()
        #expect(try session.state("last").array(of: String.self) == ["at the beginning", ""])
    }

    @Test func loopsCarryAndStackStrings() throws {
        let session = try Session(compiled(
            """
            graph g(%n: i64[], %x: string[1]) -> (%y, %rows) {
                %y: string[1], %rows: string[R, 1] = loop(%n, _, %x) {carried: 1, body: graph body(%i: i64[], %c: bool[], %s: string[1]) -> (%c, %t, u = %t) {
                    %more = constant {value: string[] (" and more")}
                    %t: string[1] = string_concat(%s, %more)
                }}
            }
            """))
        for count in [3, 0, 5] {
            let outputs = try session.run(["n": Tensor([Int64(count)], shape: []), "x": Tensor(["start"], shape: [1])])
            let rows = (0..<count).map { "start" + String(repeating: " and more", count: $0 + 1) }
            #expect(try outputs["rows"]?.array(of: String.self) == rows)
            #expect(try outputs["y"]?.array(of: String.self) == [rows.last ?? "start"])
        }
    }
}
