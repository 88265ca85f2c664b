import DLC
import Foundation
import Testing

/// Each file under `Golden` is a graph, the passes that run on it (first line, `// passes: a, b`), and after
/// `//--- expected` what must come out.
///
/// Checked: the text round trip of both graphs, the exact result, that a second run changes nothing, and that both
/// graphs compute the same on random inputs.
@Suite struct GoldenTests {
    struct Golden: CustomTestStringConvertible, Sendable {
        let name: String
        let passes: [String]
        let input: String
        let expected: String
        var testDescription: String { name }
    }

    static let goldens: [Golden] = {
        guard let folder = Bundle.module.url(forResource: "Golden", withExtension: nil),
            let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        else { return [] }
        return files.filter { $0.pathExtension == "dlir" }.sorted { $0.path < $1.path }.compactMap { file in
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
            let parts = text.components(separatedBy: "//--- expected\n")
            let header = text.split(separator: "\n").first ?? ""
            let passes = header.replacingOccurrences(of: "// passes: ", with: "").split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            return Golden(name: file.lastPathComponent, passes: passes, input: parts[0], expected: parts.count > 1 ? parts[1] : "")
        }
    }()

    @Test func thereAreGoldens() { #expect(Self.goldens.count >= 12) }

    /// Every pass that a rule makes has a golden in which nothing may happen.
    @Test func everyPassHasANearMiss() {
        let kept = Set(Self.goldens.filter { $0.name.hasPrefix("keeps-") }.flatMap(\.passes))
        let always: Set = ["reach-canonical", "reach-differentiated", "reach-laid-out", "reach-lowered", "order-for-memory", "spell-prelu"]
        #expect(Set(Pipelines.all.map(\.name)).subtracting(always).subtracting(kept).isEmpty)
    }

    @Test(arguments: goldens) func rewrites(_ golden: Golden) throws {
        let before = try GraphParser.parse(golden.input, definitions: AllOps.definitions)
        #expect(try GraphParser.parse(before.text(), definitions: AllOps.definitions).text() == before.text())
        let passes = try golden.passes.map { name in
            try #require(Pipelines.all.first { $0.name == name }, "no pass is named \(name)")
        }
        let after = try passes.run(before, .strict)
        let expected = try GraphParser.parse(golden.expected, definitions: AllOps.definitions)
        #expect(after.text() == expected.text())
        #expect(try passes.run(after, .strict).text() == after.text(), "a second run changes the graph")
        // What a gradient is, GradientTests hold to differences.
        if !before.nodes.contains(where: { $0.op is Gradient }) { try expectSameResults(before, after) }
    }
}

/// Expects both graphs to compute the same on random inputs, symbols bound to small extents.
func expectSameResults(_ before: Graph, _ after: Graph, tolerance: Double = 1e-4) throws {
    var inputs: [String: Tensor] = [:]
    for (index, port) in before.inputs.enumerated() {
        let shape = try before.shape(port.value).map { dim in
            try dim.evaluate(Dictionary(uniqueKeysWithValues: dim.symbols.sorted().enumerated().map { ($1, $0 + 2) }))
        }
        inputs[port.name] = try Tensor.random(seed: UInt64(index + 1), type: before.type(port.value).element, shape: shape)
    }
    let (a, b) = (try Interpreter.run(before, inputs), try Interpreter.run(after, inputs))
    #expect(a.keys.sorted() == b.keys.sorted())
    for (name, tensor) in a {
        let other = try #require(b[name])
        #expect(tensor.shape == other.shape && tensor.type == other.type)
        let (x, y) = (try tensor.doubles(), try other.doubles())
        let largest = x.filter(\.isFinite).map(abs).max() ?? 0
        let worst = zip(x, y).map { a, b in a == b || (a.isNaN && b.isNaN) ? 0 : abs(a - b) }.reduce(0) {
            $0.isNaN || $1.isNaN ? .infinity : max($0, $1)
        }
        #expect(worst <= tolerance * max(largest, 1e-6), "\(name) differs by \(worst)")
    }
}
