import CKernels

extension dlc_activation: KernelChoice {
    package static let choices: ChoiceTable<dlc_activation> = [
        DLC_ACT_NONE: "none", DLC_ACT_RELU: "relu", DLC_ACT_CLIP: "clip", DLC_ACT_LEAKY_RELU: "leaky_relu", DLC_ACT_PRELU: "prelu",
        DLC_ACT_SIGMOID: "sigmoid", DLC_ACT_SILU: "silu", DLC_ACT_HARD_SWISH: "hard_swish", DLC_ACT_HARD_SIGMOID: "hard_sigmoid",
        DLC_ACT_GELU: "gelu", DLC_ACT_GELU_TANH: "gelu_tanh", DLC_ACT_TANH: "tanh", DLC_ACT_ELU: "elu",
    ]
}

/// What a product or convolution does with finished sums before it stores them: `activation(sum + bias + residual)`, or
/// `activation(sum + bias) + residual`.
package struct Epilogue: FieldGroup {
    package var activation = DLC_ACT_NONE
    package var residualAfterActivation = false
    /// Parameters of the activation.
    package var a = 0.0
    package var b = 0.0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("activation", &activation)
        try fields("residual_after_activation", &residualAfterActivation)
        try fields("a", &a)
        try fields("b", &b)
    }

    /// The kernels' struct.
    package var parameters: dlc_epilogue {
        var epilogue = dlc_epilogue()
        epilogue.activation = activation
        epilogue.residual_after_activation = residualAfterActivation
        (epilogue.a, epilogue.b) = (a, b)
        return epilogue
    }

    /// - Throws: where a slope is needed and missing.
    func check(_ step: BoundStep) throws {
        guard activation != DLC_ACT_PRELU || step.optional("slope") != nil else { throw DLCError("slope is missing") }
    }
}
