import DLCGraph
import DLCModel
import Testing

@Suite struct BuilderTests {
    @Test func countsOfParametersAreThePublishedOnes() throws {
        #expect(try BuilderModels.leNet5().parameterCount == 61_706)
        #expect(try BuilderModels.resNet(18).parameterCount == 11_689_512)
        #expect(try BuilderModels.resNet(50).parameterCount == 25_557_032)
        #expect(try BuilderModels.gpt2().parameterCount == 124_439_808)
    }

    @Test func namesOfParametersAreThoseOfPublishedCheckpoints() throws {
        let resNet = Set(try BuilderModels.resNet(50).parameters.map(\.name))
        for name in ["conv1.weight", "bn1.running_var", "layer1.0.downsample.0.weight", "layer4.2.bn3.bias", "fc.bias"] {
            #expect(resNet.contains(name))
        }
        let gpt2 = Set(try BuilderModels.gpt2().parameters.map(\.name))
        for name in ["wte.weight", "wpe.weight", "h.11.attn.c_attn.bias", "h.0.mlp.c_proj.weight", "ln_f.weight"] {
            #expect(gpt2.contains(name))
        }
    }

    @Test func symbolsOfInputsReachTheOutputs() throws {
        let graph = try BuilderModels.gpt2(layers: 1).graph
        #expect(graph.type(graph.outputs[0].value).description == "f32[N, T, 50257]")
        let images = try BuilderModels.resNet(18).graph
        #expect(images.type(images.outputs[0].value).description == "f32[N, 1000]")
    }

    @Test func sameSeedGivesSameWeightsAndAnotherLayerChangesNone() throws {
        func weights(extra: Bool, seed: UInt64) throws -> [String: Tensor] {
            let m = ModelBuilder()
            let x = try m.input("x", .float32, [1, 4])
            let y = extra ? try x.dense(4, name: "extra") : x
            try m.output("y", y.dense(3, name: "fc"))
            let model = try m.finish()
            return Dictionary(uniqueKeysWithValues: try model.parameters.map { ($0.name, try $0.initialiser.tensor(for: $0, seed: seed)) })
        }
        let (plain, again) = (try weights(extra: false, seed: 1), try weights(extra: true, seed: 1))
        #expect(plain["fc.weight"] == again["fc.weight"])
        #expect(plain["fc.bias"] == again["fc.bias"])
        let other = try weights(extra: false, seed: 2)
        #expect(plain["fc.weight"] != other["fc.weight"])
    }

    @Test func aLayerAppliedTwiceSharesItsWeights() throws {
        let m = ModelBuilder()
        let x = try m.input("x", .float32, [1, 4])
        let fc = m.dense(4)
        try m.output("y", fc(fc(x)))
        #expect(try m.finish().parameters.map(\.name) == ["dense.weight", "dense.bias"])
    }

    @Test func layersWithoutNamesAreCounted() throws {
        let m = ModelBuilder()
        let x = try m.input("x", .float32, [1, 4])
        let y = try m.block("body") { try x.dense(4).dense(4).dense(4, name: "dense4").dense(4).dense(4) }
        try m.output("y", y)
        let names = try m.finish().parameters.map(\.name).filter { $0.hasSuffix("weight") }
        #expect(names == ["body.dense.weight", "body.dense2.weight", "body.dense4.weight", "body.dense3.weight", "body.dense5.weight"])
    }

    @Test func twoLayersOfOneNameAreRefused() throws {
        let m = ModelBuilder()
        let x = try m.input("x", .float32, [1, 4])
        _ = try x.dense(4, name: "fc")
        #expect { try x.dense(4, name: "fc") } throws: {
            "\($0)" == "dense fc: two layers have a parameter fc.weight; give one of them another name"
        }
    }

    @Test func aLayerAppliedToAnotherWidthIsRefused() throws {
        let m = ModelBuilder()
        let fc = m.dense(4, name: "fc")
        _ = try fc(m.input("x", .float32, [1, 4]))
        let wider = try m.input("wider", .float32, [1, 5])
        #expect { try fc(wider) } throws: { "\($0)" == "dense fc: parameter fc.weight is f32[4, 4] and is used as f32[4, 5]" }
    }

    @Test func statesAreInputsWithAnOutputThatFollows() throws {
        let m = ModelBuilder()
        let x = try m.input("x", .float32, [1, 4])
        let h = try m.state("h", shape: [1, 4])
        let next = try (x.dense(4) + h).tanh()
        #expect { try m.finish() } throws: { "\($0)" == "the model has no output" }
        try m.output("y", next)
        #expect { try m.finish() } throws: { "\($0)" == "state h has no next value" }
        try m.next("h", next)
        let model = try m.finish()
        #expect(model.states.map(\.name) == ["h"])
        #expect(model.graph.states.map(\.next) == [next.value])
    }

    @Test func valuesOfAnotherShapeAreRefused() throws {
        let m = ModelBuilder()
        try m.output("y", m.input("x", .float32, [1, 4]).dense(3, bias: false, name: "fc"))
        let model = try m.finish()
        #expect { try model.graph { _ in try Tensor(filling: 0, type: .float32, shape: [4, 3]) } } throws: {
            "\($0)" == "parameter fc.weight is f32[3, 4], the values given are f32[4, 3]"
        }
    }

    @Test func operatorsReadAsArithmetic() throws {
        let m = ModelBuilder()
        let x = try m.input("x", .float32, [3])
        try m.output("y", (2 * x + 1 - x / 4) * -x)
        let y = try Interpreter.run(m.finish().graph, ["x": try Tensor([1, 2, -4] as [Float], shape: [3])])["y"]
        #expect(try y?.array(of: Float.self) == [-2.75, -9, -24])
    }
}
