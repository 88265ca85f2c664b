import DLCGraph

/// The order of passes, as data.
public enum Pipelines {
    /// The passes that take an imported graph to `stage`.
    public static func passes(to stage: Stage, _ options: CompileOptions) -> [Pass] {
        let parts: [(Stage, [Pass])] = [
            (.canonical, canonical), (.differentiated, differentiation),
            (.laidOut, (options.exact ? recognition : integers + recognition + sums) + fusion + layout), (.lowered, lowering),
        ]
        return parts.filter { $0.0 <= stage }.flatMap { $0.1 }
    }

    /// Every pass by name, for `dlc opt`.
    public static let all: [Pass] = canonical + differentiation + integers + recognition + sums + fusion + layout + lowering

    /// What export writes: nothing of our own operators, nothing folded into weights. Gradients become ordinary operators before
    /// anything goes round a value that one of them is taken at.
    static let canonical: [Pass] = [
        unifyExtents,
        differentiate,
        foldConstants,
        simplifyMovement,
        reach(.canonical),
    ]

    /// From here on there are no gradients to take.
    static let differentiation: [Pass] = [reach(.differentiated)]

    /// What is quantized computes on integers, where results need not be those of the definition to the last bit.
    static let integers: [Pass] = [quantizeEarly, integerLayers, finishIntegers]

    /// Exporters' spellings recognised, and what constants can take folded into them.
    static let recognition: [Pass] = [
        recognizeActivations,
        recognizeLayerNorm,
        recognizeGroupNorm,
        recognizeAttention,
        sliceConstantGathers,
        simplifyMovement,
        attentionByRows,
        simplifyMovement,
        concatenateHeads,
        nestConcatenations,
        foldPadding,
        trimTaps,
        convolveTransposed,
        turnProducts,
        foldChannelScaling,
    ]

    /// What sums products in another way than is defined.
    static let sums: [Pass] = [sumConvolutions]

    /// Everything that a kernel can finish in one step put into one operator.
    static let fusion: [Pass] = [
        averageBeforeConvolution,
        widenHalves,
        spellMovement,
        spellTraining,
        spellAttention,
        decompose,
        foldConstants,
        simplifyMovement,
        recognizeActivations,
        enterFusedForms,
        fuseProductOperands,
        fuseEpilogues,
        spellPRelu,
        simplifyMovement,
        sliceEarly,
        simplifyMovement,
    ]

    /// Channels last, transposes gone where they can, and an order that needs little memory.
    static let layout: [Pass] = [
        assignChannelsLast,
        simplifyMovement,
        sinkTransposes,
        simplifyMovement,
        sinkTransposes,
        simplifyMovement,
        foldConstants,
        fuseColumnScaling,
        reach(.laidOut),
        orderForMemory,
    ]

    static let lowering: [Pass] = [
        fuseElementwiseRegions,
        reach(.lowered),
    ]
}
