import CKernels
import DLC
import Foundation
import Synchronization
import Testing

@testable import DLCPasses

@Suite struct TuningTests {
    /// A folder that is removed with the object.
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("dlc-tune-\(UUID().uuidString)")
        var cache: String { url.appendingPathComponent("a/b/tune.txt").path }
        deinit { try? FileManager.default.removeItem(at: url) }
    }

    private final class Count: Sendable {
        let layers = Mutex(0)
        var value: Int { layers.withLock { $0 } }
    }

    private static let layers = [
        ChoiceTests.Layer(name: "1", size: 12, inputs: 16, outputs: 16, expected: []),
        ChoiceTests.Layer(name: "2", size: 12, inputs: 16, outputs: 16, expected: []),
        ChoiceTests.Layer(name: "3", size: 6, inputs: 32, outputs: 32, expected: []),
    ]

    /// Compiles a small network and gives the number of layers that were measured.
    private func tune(_ path: String) throws -> (measured: Int, image: PlanImage) {
        let count = Count()
        var options = CompileOptions()
        options.tuning = Tuning(cache: try TuneCache(path: path)) { _ in count.layers.withLock { $0 += 1 } }
        let image = try Compiler.compile(try ChoiceTests.network(Self.layers), options)
        return (count.value, image)
    }

    @Test func theSecondBuildMeasuresNothing() throws {
        let folder = Folder()
        let first = try tune(folder.cache)
        #expect(first.measured == 2, "equal layers are measured once")
        let second = try tune(folder.cache)
        #expect(second.measured == 0)
        #expect(ChoiceTests.algorithms(first.image.plan) == ChoiceTests.algorithms(second.image.plan))
        let weights = Self.layers.reduce(0) { $0 + 4 * 9 * $1.inputs * $1.outputs }
        #expect(first.image.constantBytes < 2 * weights)
    }

    /// Which weights are packed at load follows what the first build measured: two measurements would differ.
    @Test(arguments: [(1e-9, true), (10, false)]) func packingIsMeasuredOnce(_ seconds: Double, _ isWorthIt: Bool) throws {
        let folder = Folder()
        _ = try tune(folder.cache)
        let cache = try TuneCache(path: folder.cache)
        let times = cache.times.map { key, _ in
            (key, key.hasSuffix("packing") ? seconds : key.contains("algorithm \(DLC_CONV_WINOGRAD_4.rawValue);") ? 1e-4 : 1e-3)
        }
        try cache.replace(Dictionary(uniqueKeysWithValues: times))
        let second = try tune(folder.cache)
        #expect(second.measured == 0 && second.image.plan.packings.isEmpty != isWorthIt)
    }

    @Test func timesOfAnotherProcessorAreNotBelieved() throws {
        let folder = Folder()
        _ = try tune(folder.cache)
        let text = try String(contentsOfFile: folder.cache, encoding: .utf8)
        #expect(text.contains(Tuning.processor))
        try text.replacingOccurrences(of: Tuning.processor, with: "another processor").write(
            toFile: folder.cache, atomically: true, encoding: .utf8)
        #expect(try tune(folder.cache).measured == 2)
        #expect(try tune(folder.cache).measured == 0)
        #expect(try String(contentsOfFile: folder.cache, encoding: .utf8).contains("another processor"), "its times stay")
    }

    @Test func choicesFollowWhatFamiliesTakeHere() throws {
        let folder = Folder(), layer = ChoiceTests.Layer(name: "3x3", size: 56, inputs: 64, outputs: 64, expected: [])
        let slow = KernelProbes([DLC_CONV_WINOGRAD_2.rawValue: 9, DLC_CONV_WINOGRAD_4.rawValue: 9])
        try slow.keep(path: folder.cache, .native)
        try KernelProbes([DLC_CONV_WINOGRAD_4.rawValue: 8]).keep(path: folder.cache, .native)
        let known = try #require(try KernelProbes(path: folder.cache, .native))
        #expect(known.factors.map(\.factor) == [9, 8])
        #expect(try Target.allCases.filter { $0 != .native }.allSatisfy { try KernelProbes(path: folder.cache, $0) == nil })
        let graph = try ChoiceTests.network([layer], others: 1 << 22)
        var options = CompileOptions()
        options.processor = .typical
        #expect(try ChoiceTests.algorithms(Compiler.compile(graph, options).plan) == [Int(DLC_CONV_WINOGRAD_4.rawValue)])
        options.probes = known
        #expect(try ChoiceTests.algorithms(Compiler.compile(graph, options).plan) == [Int(DLC_CONV_IGEMM.rawValue)])
        let measured = try KernelProbes(measuring: .native)
        #expect(!measured.factors.isEmpty && measured.factors.allSatisfy { 0.5...2 ~= $0.factor })
    }

    @Test func theTextHoldsTheTimes() throws {
        let times = ["a; kernels 1; b": 1.5e-5, "c": 0.25]
        #expect(try TuneCache.parse(TuneCache.text(times)) == times)
        #expect(try TuneCache.parse(TuneCache.text([:])).isEmpty)
    }

    @Test(arguments: [
        "", "{}", "a\t1", "\n", TuneCache.firstLine, "\(TuneCache.firstLine)\na\t1", "\(TuneCache.firstLine)\na\tx\n",
        "\(TuneCache.firstLine)\na\n", "\(TuneCache.firstLine)\na\t-1\n", "\(TuneCache.firstLine)\na\tnan\n",
        "\(TuneCache.firstLine)\n\t1\n",
    ])
    func damagedFilesAreRefused(_ text: String) throws {
        let folder = Folder()
        try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
        let path = folder.url.appendingPathComponent("tune.txt").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: DLCError.self) { try TuneCache(path: path) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text, "and stay as they are")
    }

    @Test func buildsAtTheSameTimeLoseNothing() async throws {
        let folder = Folder()
        let path = folder.cache
        try await withThrowingTaskGroup(of: Void.self) { group in
            for builder in 0..<8 {
                group.addTask {
                    let cache = try TuneCache(path: path)
                    for layer in 0..<10 { try cache.add(["builder \(builder) layer \(layer)": 1]) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try TuneCache(path: path).times.count == 80)
    }

    @Test func tuningForAProcessorThatIsNotHereIsAnError() throws {
        let folder = Folder()
        guard let target = Target.allCases.first(where: { !$0.runsHere }) else { return }
        var options = CompileOptions(target: target)
        options.tuning = Tuning(cache: try TuneCache(path: folder.cache))
        #expect(throws: DLCError.self) { try Compiler.compile(try ChoiceTests.network(Self.layers), options) }
    }
}
