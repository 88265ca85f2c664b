import DLCTensor

/// The kernels that plans may call. One line makes a kernel known.
package enum KernelTable {
    package static let all: [any Kernel.Type] = [
        ProgramKernel.self, CopyKernel.self, PadKernel.self, FillKernel.self, SizesKernel.self,
        PoolKernel.self, MaxPoolGradientKernel.self, MaxPoolSelectKernel.self, AveragePoolGradientKernel.self,
        ResizeKernel.self, ResizeGradientKernel.self, AttentionKernel.self, AttentionGradientKernel.self,
        SoftmaxKernel.self, ReduceKernel.self, NormKernel.self, GroupNormKernel.self, LpNormKernel.self, LRNKernel.self,
        GatherKernel.self, GatherGradientKernel.self, GatherElementsKernel.self, GatherNDKernel.self, ScatterElementsKernel.self,
        ScatterNDKernel.self, OneHotKernel.self, RangeKernel.self, RandomKernel.self, TriluKernel.self, ArgKernel.self, CumSumKernel.self,
        TopKKernel.self, DeterminantKernel.self, InverseKernel.self, NonMaxSuppressionKernel.self, RegionKernel.self,
        RegionGradientKernel.self,
        ProductKernel.self, ConvolutionKernel.self, ConvolutionWeightsKernel.self, TransposedConvolutionKernel.self,
        ColumnsKernel.self,
        SeparableKernel.self, RecurrentKernel.self, RecurrentGradientKernel.self,
        NarrowKernel.self, TreeEnsembleKernel.self, CouplingKernel.self, DistancesKernel.self, FindKernel.self,
        PackKernel.self, RecurrentPackKernel.self,
        IntegerProductKernel.self, IntegerPackKernel.self, IntegerConvolutionKernel.self,
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    static func revision(of name: String) throws -> UInt64 {
        guard let kernel = byName[name] else { throw DLCError("there is no kernel \(name)") }
        return try kernel.revision()
    }

    /// The kernel that a plan calls.
    /// - Throws: where there is none of that name, or its declaration is not the one that the plan was made with.
    static func kernel(named name: String, revision: UInt64) throws -> any Kernel.Type {
        guard let kernel = byName[name] else { throw DLCError("the plan calls unknown kernel \(name.printable())") }
        guard try kernel.revision() == revision else { throw DLCError("the plan calls another revision of kernel \(name): build it again") }
        return kernel
    }
}

extension Kernel {
    /// A number that changes with the declaration: names and kinds of parameters, operands and results.
    static func revision() throws -> UInt64 {
        var signature = FieldSignature()
        for rules in [definition.operands, definition.results] {
            for rule in rules { rule.add(to: &signature) }
        }
        var kernel = Self()
        try kernel.visit(&signature)
        return signature.hash
    }
}

/// FNV-1a over what is declared of parameters, operands and results.
struct FieldSignature: FieldVisitor {
    private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ text: String) {
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ 0xff) &* 0x100_0000_01b3
    }

    mutating func add(_ number: UInt64) {
        for shift in stride(from: 0, to: UInt64(64), by: 8) { hash = (hash ^ (number >> shift & 0xff)) &* 0x100_0000_01b3 }
    }

    mutating func flag(_ name: String, _ value: inout Bool) { add(name); add("flag") }
    mutating func integer(_ name: String, _ value: inout Int) { add(name); add("integer") }
    mutating func number(_ name: String, _ value: inout Double) { add(name); add("number") }
    mutating func size(_ name: String, _ value: inout Dim) { add(name); add("size") }

    mutating func choice<C: KernelChoice>(_ name: String, _ value: inout C) {
        add(name)
        for (code, name) in C.choices.entries {
            add(UInt64(code))
            add(name)
        }
    }

    mutating func list<E: Field>(_ name: String, _ values: inout [E]) throws {
        add("list")
        var element = E.standard
        try self(name, &element)
    }

    mutating func group<G: FieldGroup>(_ name: String, _ value: inout G) throws {
        add(name)
        try value.visit(&self)
        add("end")
    }
}
