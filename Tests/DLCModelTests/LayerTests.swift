import DLCModel
import Testing

@Suite struct LayerTests {
    @Test func definitionsAreCompleteAndNamesAreUnique() {
        let names = AllLayers.definitions.map(\.name)
        #expect(Set(names).count == names.count)
        for definition in AllLayers.definitions {
            #expect(definition.doc.hasSuffix("."), "\(definition.name)")
            let arguments = definition.operandNames + definition.arguments.map(\.name)
            #expect(Set(arguments).count == arguments.count && !arguments.contains("name"), "\(definition.name)")
            #expect(definition.arguments.allSatisfy { !$0.doc.isEmpty && !$0.kind.isEmpty }, "\(definition.name)")
        }
    }

    private func message(_ layer: String, _ arguments: [CallArgument]) -> String {
        do {
            _ = try ModelBuilder().layer(layer, arguments)
            return ""
        } catch { return "\(error)" }
    }

    @Test func callsThatDoNotFitSayWhatWould() {
        #expect(message("dense", []) == "dense needs units, an integer: the extent of the result's last dimension")
        #expect(message("dense", [CallArgument(nil, .text("ten"))]).hasPrefix("units is the text \"ten\"; expected an integer"))
        #expect(message("dense", [CallArgument(nil, .integer(3)), CallArgument("units", .integer(4))]) == "units is given twice")
        #expect(
            message("dense", [CallArgument(nil, .integer(3)), CallArgument(nil, .integer(4))]).hasPrefix("dense takes no more than units"))
        #expect(
            message("conv", [CallArgument(nil, .integer(3)), CallArgument("kernal", .integer(4))]).hasPrefix(
                "conv has no argument kernal; it takes channels, kernel"))
        #expect(
            message("conv", [CallArgument(nil, .integer(3)), CallArgument("padding", .text("valid"))])
                == "padding is the text \"valid\"; expected \"same\", an integer or a list of integers")
        #expect(
            message("gelu", [CallArgument("approximate", .text("erf"))])
                == "approximate is the text \"erf\"; expected one of \"none\", \"tanh\"")
    }

    @Test func allProblemsOfACallAreReported() throws {
        #expect(throws: CallProblems.self) {
            try ModelBuilder().layer("conv", [CallArgument("a", .integer(1)), CallArgument("b", .integer(1))])
        }
        do {
            _ = try ModelBuilder().layer("conv", [CallArgument("a", .integer(1)), CallArgument("stride", .boolean(true))])
        } catch let problems as CallProblems {
            #expect(problems.problems.map(\.argument) == [0, 1, nil])
        }
    }

    private func shape(_ shape: Shape, _ element: ElementType = .float32, _ build: (TensorValue) throws -> TensorValue) throws -> String {
        try build(ModelBuilder().input("x", element, shape)).type.description
    }

    @Test func shapesFollowSymbols() throws {
        let image: Shape = [Dim(symbol: "N"), 8, Dim(symbol: "H"), 32]
        #expect(try shape(image) { try $0.conv(4, kernel: 3, padding: Padding.same) } == "f32[N, 4, H, 32]")
        #expect(try shape(image) { try $0.maxPool(2) } == "f32[N, 8, floor(H, 2), 16]")
        #expect(try shape(image) { try $0.upsample(2) } == "f32[N, 8, 2*H, 64]")
        #expect(try shape(image) { try $0.upsample(size: [15, 20]) } == "f32[N, 8, 15, 20]")
        #expect(try shape(image) { try $0.globalAveragePool().flatten() } == "f32[N, 8]")
        #expect(try shape(image) { try $0.depthwiseConv(3, padding: 1, multiplier: 2) } == "f32[N, 16, H, 32]")
        #expect(try shape(image) { try $0.reshape([Dim(symbol: "N"), -1, 8]) } == "f32[N, 32*H, 8]")
        #expect(try shape(image) { try $0.transpose([0, 2, 3, 1]) } == "f32[N, H, 32, 8]")
        #expect(try shape(image) { try $0.slice(1, -1, step: 2) } == "f32[N, 3, H, 32]")
        #expect(try shape(image) { try $0.maxout(2) } == "f32[N, 4, H, 32]")
        #expect(try shape(image) { try $0.crop(1).mean([2, 3]) } == "f32[N, 8]")
        let tokens: Shape = [Dim(symbol: "N"), Dim(symbol: "T")]
        #expect(try shape(tokens, .int64) { try $0.embedding(83, 256).lstm(64, bidirectional: true).y } == "f32[N, T, 128]")
        #expect(try shape(tokens, .int64) { try $0.embedding(83, 256).gru(64, outputs: .last).y } == "f32[N, 64]")
        #expect(try shape(tokens, .int64) { try $0.embedding(83, 16).sinusoidalPositions(100).multiHeadAttention(4) } == "f32[N, T, 16]")
        #expect(try shape(tokens, .int64) { try $0.oneHot(5) } == "f32[N, T, 5]")
    }

    @Test func wrongTensorsNameTheLayerAndWhatFits() throws {
        let m = ModelBuilder()
        let x = try m.input("x", .float32, [Dim(symbol: "N"), 6, 8, 8])
        #expect { try x.conv(4, kernel: [3, 3, 3], name: "c") } throws: {
            "\($0)" == "conv c: kernel [3, 3, 3] has 3 entries; expected one integer or 2, one per spatial dimension"
        }
        #expect { try x.conv(4, groups: 4, name: "d") } throws: {
            "\($0)" == "conv d: 4 groups do not divide 6 input channels and 4 output channels"
        }
        #expect { try x.embedding(4, 2, name: "e") } throws: { "\($0)".hasPrefix("embedding e: indices are f32") }
        #expect { try x.groupNorm(4, name: "g") } throws: { "\($0)".hasPrefix("groupNorm g: 4 groups do not divide the 6 channels") }
        #expect { try x.transpose([0]) } throws: { "\($0)".contains("expected 4 for f32[N, 6, 8, 8], or two to exchange") }
    }

    @Test func boxesAreMovedAndScaled() throws {
        let m = ModelBuilder()
        let deltas = try m.input("deltas", .float32, [1, 4])
        let anchors = m.constant(try Tensor([10, 20, 30, 60] as [Float], shape: [1, 4]))
        try m.output("boxes", deltas.boxDecode(anchors, weights: [10, 10, 5, 5]))
        // The centre (20, 40) moves by 0.1 · 20 and -0.5 · 40; the width doubles, the height stops at 1000 / 16 times.
        let values = try Tensor([1, -5, 5 * 0.6931472, 100] as [Float], shape: [1, 4])
        let boxes = try Interpreter.run(m.finish().graph, ["deltas": values])["boxes"]?.array(of: Float.self) ?? []
        let expected: [Float] = [2, 20 - 1250, 42, 20 + 1250]
        #expect(boxes.count == 4 && zip(boxes, expected).allSatisfy { abs($0 - $1) < 1e-3 }, "\(boxes)")
    }

    @Test func extentsThatOverflowAreRefused() throws {
        let m = ModelBuilder()
        let huge = try m.input("huge", .float32, [1, 2, Dim(.max / 2)])
        #expect(throws: DLCError.self) { try huge.multiHeadAttention(1) }
        #expect(throws: DLCError.self) { try huge.dense(1 << 40) }
        #expect(throws: DLCError.self) { try huge.adaptiveAveragePool(3) }
        #expect(throws: DLCError.self) { try huge.lstm(.max) }
        #expect(throws: DLCError.self) { try huge.upsample(4) }
        #expect(throws: DLCError.self) { try huge.split([]) }
        let empty = try m.input("empty", .float32, [1, 0, 2, 2])
        #expect { try empty.conv(4, kernel: 1 << 30, name: "c") } throws: { "\($0)".contains("which has no elements") }
        #expect(throws: DLCError.self) { try empty.conv(4, kernel: Int.max) }
    }

    @Test func dimensionsThatAreSymbolsHaveNoParameters() throws {
        let x = try ModelBuilder().input("x", .float32, [2, Dim(symbol: "C")])
        #expect { try x.dense(4, name: "fc") } throws: {
            "\($0)" == "dense fc: dimension 1 of f32[2, C] is `C`; expected a number that is known before a run"
        }
    }
}
