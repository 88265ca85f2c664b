import DLCGraph
import DLCOps

/// Activations and functions of one element, by the names that a model file uses.
extension TensorValue {
    private func function(_ function: FunctionLayer.Function, _ name: String?) throws -> TensorValue {
        try applying(FunctionLayer(function), name: name)
    }

    public func relu(name: String? = nil) throws -> TensorValue { try function(.relu, name) }
    public func relu6(name: String? = nil) throws -> TensorValue { try function(.relu6, name) }
    public func sigmoid(name: String? = nil) throws -> TensorValue { try function(.sigmoid, name) }
    public func tanh(name: String? = nil) throws -> TensorValue { try function(.tanh, name) }
    public func silu(name: String? = nil) throws -> TensorValue { try function(.silu, name) }
    public func mish(name: String? = nil) throws -> TensorValue { try function(.mish, name) }
    public func softsign(name: String? = nil) throws -> TensorValue { try function(.softsign, name) }
    public func hardSigmoid(name: String? = nil) throws -> TensorValue { try function(.hardSigmoid, name) }
    public func hardSwish(name: String? = nil) throws -> TensorValue { try function(.hardSwish, name) }
    public func selu(name: String? = nil) throws -> TensorValue { try function(.selu, name) }
    public func step(name: String? = nil) throws -> TensorValue { try function(.step, name) }
    public func exp(name: String? = nil) throws -> TensorValue { try function(.exp, name) }
    public func log(name: String? = nil) throws -> TensorValue { try function(.log, name) }
    public func sqrt(name: String? = nil) throws -> TensorValue { try function(.sqrt, name) }
    public func abs(name: String? = nil) throws -> TensorValue { try function(.abs, name) }
    public func sign(name: String? = nil) throws -> TensorValue { try function(.sign, name) }
    public func floor(name: String? = nil) throws -> TensorValue { try function(.floor, name) }
    public func ceil(name: String? = nil) throws -> TensorValue { try function(.ceil, name) }
    public func round(name: String? = nil) throws -> TensorValue { try function(.round, name) }
    public func sin(name: String? = nil) throws -> TensorValue { try function(.sin, name) }
    public func cos(name: String? = nil) throws -> TensorValue { try function(.cos, name) }
    public func erf(name: String? = nil) throws -> TensorValue { try function(.erf, name) }
    public func reciprocal(name: String? = nil) throws -> TensorValue { try function(.reciprocal, name) }
    public func square(name: String? = nil) throws -> TensorValue { try function(.square, name) }

    public func leakyRelu(_ slope: Double = 0.01, name: String? = nil) throws -> TensorValue {
        try applying(SlopedActivationLayer(.leakyRelu, alpha: slope), name: name)
    }
    public func elu(_ alpha: Double = 1, name: String? = nil) throws -> TensorValue {
        try applying(SlopedActivationLayer(.elu, alpha: alpha), name: name)
    }
    public func celu(_ alpha: Double = 1, name: String? = nil) throws -> TensorValue {
        try applying(SlopedActivationLayer(.celu, alpha: alpha), name: name)
    }
    public func thresholdedRelu(_ threshold: Double = 1, name: String? = nil) throws -> TensorValue {
        try applying(SlopedActivationLayer(.thresholdedRelu, alpha: threshold), name: name)
    }
    public func gelu(approximate: GeluLayer.Approximation = .none, name: String? = nil) throws -> TensorValue {
        try applying(GeluLayer(approximate: approximate), name: name)
    }
    public func prelu(perChannel: Bool = false, initialValue: Double = 0.25, name: String? = nil) throws -> TensorValue {
        try applying(PReluLayer(perChannel: perChannel, initialValue: initialValue), name: name)
    }
    public func softplus(beta: Double = 1, name: String? = nil) throws -> TensorValue {
        try applying(SoftplusLayer(beta: beta), name: name)
    }
    public func clamp(_ low: Double = -1, _ high: Double = 1, name: String? = nil) throws -> TensorValue {
        try applying(ClampLayer(low: low, high: high), name: name)
    }
    public func maxout(_ pieces: Int, axis: Int = 1, name: String? = nil) throws -> TensorValue {
        try applying(MaxoutLayer(pieces: pieces, axis: axis), name: name)
    }
    public func softmax(axis: Int = -1, name: String? = nil) throws -> TensorValue {
        var layer = SoftmaxLayer(.softmax)
        layer.axis = axis
        return try applying(layer, name: name)
    }
    public func logSoftmax(axis: Int = -1, name: String? = nil) throws -> TensorValue {
        var layer = SoftmaxLayer(.logSoftmax)
        layer.axis = axis
        return try applying(layer, name: name)
    }
}
