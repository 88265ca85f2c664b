import DLCGraph

/// The order of passes, as data.
public enum Pipelines {
    /// The passes that take an imported graph to `stage`; where sums shall be as they are defined, those that keep them.
    public static func passes(to stage: Stage, _ options: CompileOptions) -> [Pass] {
        parts.filter { $0.stage <= stage }.flatMap(\.passes).filter { $0.keepsSums || !options.exact }
    }

    /// Every pass by name, for `dlc opt`.
    public static let all: [Pass] = parts.flatMap(\.passes)

    private static let parts: [(stage: Stage, passes: [Pass])] = [
        (.canonical, canonical), (.differentiated, differentiation), (.laidOut, recognition + fusion + layout), (.lowered, lowering),
    ]

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

    /// What is quantized computed on integers, exporters' spellings recognised, and what constants can take folded into them.
    static let recognition: [Pass] = [
        quantizeEarly,
        integerLayers,
        finishIntegers,
        recognizeActivations,
        recognizeLayerNorm,
        recognizeRMSNorm,
        recognizeGroupNorm,
        recognizeAttention,
        sliceConstantGathers,
        sliceConstantScatters,
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
        sumConvolutions,
        multiplyPatches,
    ]

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
