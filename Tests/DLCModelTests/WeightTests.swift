import DLCGraph
import DLCTensorFiles
import Foundation
import Testing

@testable import DLCModel

@Suite struct WeightRenames {
    @Test(
        arguments: [
            ("a=b", "a", "b"), ("a=b", "ab", nil), ("transformer.*=*", "transformer.h.0.bias", "h.0.bias"),
            ("transformer.*=*", "h.0.bias", nil),
            ("*=model.*", "fc.bias", "model.fc.bias"), ("*.gamma=*.weight", "a.b.gamma", "a.b.weight"),
            ("h.*.attn.*=layers.*.attention.*", "h.11.attn.c.bias", "layers.11.attention.c.bias"), ("*.*=*", "a.b.c", "a"),
            ("a*a=*", "a", nil), ("a*a=*", "aa", ""), ("a*b*c=*-*", "axbybzc", "x-ybz"), ("*=x", "anything", "x"), ("é*=*", "éa", "a"),
        ] as [(String, String, String?)])
    func namesBecomeOthers(rename: String, name: String, result: String?) throws {
        #expect(try WeightRename(rename).apply(to: name) == result.map { .renamed($0) } ?? .unmatched)
    }

    @Test func anEmptyReplacementLeavesOut() throws {
        #expect(try WeightRename("head.*=").apply(to: "head.weight") == .leftOut)
        #expect(try WeightRename("head.*=").apply(to: "body.weight") == .unmatched)
    }

    @Test(arguments: ["", "a", "=b", "a=*", "*=*.*"])
    func othersAreRefused(_ text: String) { #expect(throws: DLCError.self) { try WeightRename(text) } }
}

@Suite struct Weights {
    private static let text = "model M(x: f32[1, 2]) { return y: x.dense(3, name: \"fc\").batchNorm(name: \"bn\") }"
    /// Values for the parameters of `text`.
    private static let good: [(String, Tensor)] = [
        ("fc.weight", filled(1, [3, 2])), ("fc.bias", filled(2, [3])), ("bn.weight", filled(3, [3])), ("bn.bias", filled(4, [3])),
        ("bn.running_mean", filled(5, [3])), ("bn.running_var", filled(6, [3])),
    ]

    private static func filled(_ value: Double, _ shape: [Int], _ type: ElementType = .float32) -> Tensor {
        (try? Tensor(filling: value, type: type, shape: shape)).unsafelyUnwrapped
    }

    /// The report of a mismatch, and the warning where there is none.
    private func report(_ tensors: [(String, Tensor)], _ renames: String...) throws -> (error: String?, warning: String?) {
        let model = try elaborated(["a.dlm": Self.text])
        var warning: String?
        do {
            let file = WeightFile(path: "w.npz", tensors.map { (name: $0.0, tensor: $0.1) })
            _ = try model.graph(weights: file, renames: renames.map { try WeightRename($0) }) { warning = $0 }
            return (nil, warning)
        } catch let error as WeightMismatch { return (error.description, warning) }
    }

    @Test func eachParameterTakesTheTensorOfItsName() throws {
        let model = try elaborated(["a.dlm": Self.text])
        let graph = try model.graph(weights: WeightFile(path: "w.npz", Self.good.reversed().map { (name: $0.0, tensor: $0.1) }))
        var values: [String: Double] = [:]
        for node in graph.nodes {
            if let constant = node.op as? Constant, let name = graph.name(of: node.results[0]) {
                values[name] = try constant.value.doubles()[0]
            }
        }
        #expect(values == ["fc.weight": 1, "fc.bias": 2, "bn.weight": 3, "bn.bias": 4, "bn.running_mean": 5, "bn.running_var": 6])
    }

    @Test func equalParametersKeepTheirNames() throws {
        let model = try elaborated(["a.dlm": Self.text])
        let graph = try model.graph { try Tensor(filling: 0, type: $0.type, shape: $0.shape) }
        let names = graph.nodes.filter { $0.op is Constant }.compactMap { graph.name(of: $0.results[0]) }
        #expect(Set(names).isSuperset(of: model.parameters.map(\.name)))
    }

    @Test func halvesAreWidenedAndNothingElseIs() throws {
        for type in [ElementType.float16, .bfloat16] {
            #expect(try report(Self.good.map { ($0, try $1.converted(to: type)) }) == (nil, nil))
        }
        let wide = Self.good.dropLast() + [("bn.running_var", Self.filled(6, [3], .float64))]
        #expect(
            try report(Array(wide)).error == """
                w.npz does not fit the model M: 1 parameter is of another shape or type
                  misshapen  bn.running_var: f32[3], found f64[3]
                """)
    }

    @Test func allMistakesAreReportedAtOnce() throws {
        var tensors = Self.good
        tensors[0] = ("fc.weihgt", tensors[0].1)
        tensors[1].1 = Self.filled(0, [4])
        tensors.removeLast()
        tensors.append(("extra\n\u{1B}[31m", Self.filled(0, [7])))
        let got = try report(tensors)
        #expect(
            got.error == """
                w.npz does not fit the model M: 2 parameters are missing, 1 of another shape or type
                  missing    bn.running_var: f32[3]
                  missing    fc.weight: f32[3, 2]; the file has fc.weihgt
                  misshapen  fc.bias: f32[3], found f32[4]
                  unused     extra  [31m: f32[7]
                  unused     fc.weihgt: f32[3, 2]
                --rename 'FROM=TO' gives tensors other names, --rename 'FROM=' leaves them out
                """)
        #expect(got.warning == nil)
    }

    @Test func aCommonFirstPartIsSeen() throws {
        #expect(try report(Self.good.map { ("model.\($0)", $1) }).error?.contains("--rename 'model.*=*' would give") == true)
        #expect(try report(Self.good.map { ("model.\($0)", $1) }, "model.*=*") == (nil, nil))
    }

    @Test func whatIsNotUsedIsAWarning() throws {
        let more = Self.good + (0..<30).map { ("more.\($0 + 10)", Self.filled(0, [])) }
        let lines = try #require(try report(more, "nothing=else").warning).split(separator: "\n")
        #expect(lines.count == 1 + 20 + 1 + 1)
        #expect(lines[0] == "w.npz is not used whole" && lines[1] == "  unused     more.10: f32[]")
        #expect(lines[21] == "  unused     and 10 more" && lines[22] == "  no match   --rename 'nothing=else'")
        #expect(try report(more, "more.*=") == (nil, nil))
        let constants = WeightFile(path: "w.onnx", more.map { (name: $0.0, tensor: $0.1) }, holdsConstants: true)
        _ = try elaborated(["a.dlm": Self.text]).graph(weights: constants) { Issue.record("\($0)") }
    }

    @Test func countersAndMasksOfPyTorchAreNotMissed() throws {
        let counters = [("bn.num_batches_tracked", Self.filled(0, [], .int64)), ("h.0.attn.bias", Self.filled(1, [1, 1, 4, 4]))]
        #expect(try report(Self.good + counters) == (nil, nil))
        #expect(try report(Self.good + [("h.0.attn.bias", Self.filled(1, [4]))]).warning != nil)
    }

    @Test func twoTensorsOfOneNameAreRefused() throws {
        let error = #expect(throws: DLCError.self) { try report(Self.good + [("x.fc.bias", Self.filled(1, [3]))], "x.*=*") }
        #expect(error?.description == "w.npz: fc.bias and x.fc.bias both become fc.bias by --rename")
    }

    @Test func filesOfEachKindGiveTheSame() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weights-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (safetensors, npz) = (folder.appending(path: "w.safetensors").path(), folder.appending(path: "w.npz").path())
        let tensors = Self.good.map { (name: $0.0, tensor: $0.1) }
        try WeightFile(path: "memory", tensors).write(to: safetensors)
        try NPZ.write(tensors, to: npz)
        let model = try elaborated(["a.dlm": Self.text])
        let text = try model.graph(weights: WeightFile(contentsOf: safetensors)).text()
        #expect(try model.graph(weights: WeightFile(contentsOf: npz)).text() == text)
        for path in ["w.pt", "w.h5", "w"] { #expect(throws: DLCError.self) { try WeightFile(contentsOf: path) } }
    }
}
