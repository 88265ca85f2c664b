import DLCModel
import Testing

/// What definitions say of their layers is so.
@Suite struct LayerDefinitionTests {
    /// A layer that PyTorch's references know makes the parameters that its definition declares: all that always exist,
    /// and no others.
    @Test(arguments: LayerReferenceTests.layers.map(\.name)) func parametersAreDeclared(_ name: String) throws {
        let reference = try #require(LayerReferences.read.get().cases[name])
        let layer = try #require(LayerReferenceTests.layers.first { $0.name == name })
        let builder = ModelBuilder(name)
        let inputs = try reference.inputs.enumerated().map { try builder.input("x\($0)", $1.type, Shape(constants: $1.shape)) }
        for (index, output) in try layer.build(inputs).enumerated() { try builder.output("y\(index)", output) }
        var made: [String: Set<String>] = [:]
        for parameter in try builder.finish().parameters {
            let parts = parameter.name.split(separator: ".", maxSplits: 1).map(String.init)
            made[parts[0], default: []].insert(parts[1].replacing(/_l[0-9]+/, with: "_l*"))
        }
        for (kind, names) in made {
            let declared = try #require(AllLayers.named(kind)).parameters
            #expect(names.isSubset(of: declared.map { $0.filter { $0 != "[" && $0 != "]" } }))
            #expect(names.isSuperset(of: declared.filter { !$0.hasPrefix("[") }))
        }
    }

    @Test func everyLayerHasItsPlace() {
        let names = AllLayers.definitions.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(AllLayers.groups.allSatisfy { !$0.layers.isEmpty })
        #expect(AllLayers.definitions.filter { $0.doc.isEmpty || !$0.doc.hasSuffix(".") }.map(\.name) == [])
    }

    @Test func signaturesAreCalls() throws {
        #expect(AllLayers.named("maxout")?.signature == "x.maxout(pieces, axis: 1)")
        #expect(AllLayers.named("concat")?.signature == "concat(x..., axis: 1)")
        #expect(AllLayers.named("lstm")?.signature.hasPrefix("x.lstm(initial?, cell?, hidden, layers: 1, ") == true)
    }
}
