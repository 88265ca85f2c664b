import DLCGraph

/// A layer: its arguments as properties with defaults, and how it is applied by means of the graph's operators.
///
/// One struct per layer or family, registered by one line in `AllLayers.swift`. Defaults, parameter names and layouts are
/// PyTorch's, so that a published checkpoint loads by name.
public protocol Layer {
    var definition: LayerDefinition { get }

    /// Makes the parameters whose shapes the arguments settle, so that they can be read before the layer is applied.
    func prepare(in context: LayerContext) throws

    /// Adds the layer's operators.
    /// - Parameter operands: as declared in `definition`; an absent optional one is nil, at the end it may be left out.
    /// - Returns: a tensor per result.
    func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue]
}

extension Layer {
    public func prepare(in context: LayerContext) throws {}
}

/// Where a layer is applied: the path of its parameters, and the builder that it adds operators to.
public struct LayerContext {
    let builder: ModelBuilder
    /// The layer's name in the model, such as `layer1.0.conv1`.
    public let path: String
    /// Tells applications of one layer, which share parameters, from two layers of one name, which must not.
    let owner: Int

    /// The place of a layer within this one.
    public func child(_ name: String) -> LayerContext {
        LayerContext(builder: builder, path: ModelBuilder.join(path, name), owner: owner)
    }

    /// The layer's parameter of that name; made where it is new, shared where the layer is applied again.
    /// - Parameters:
    ///   - type: the element type, a floating-point one.
    ///   - role: buffers (running statistics) are stored and loaded, but not counted as parameters.
    public func parameter(
        _ name: String, _ shape: [Int], _ initialiser: Initialiser, type: ElementType = .float32, role: ModelParameter.Role = .weight
    ) throws -> TensorValue {
        guard type.isFloat else { throw DLCError("has weights and takes floating point, found \(type); `cast(f32)` converts") }
        return try builder.parameter(
            ModelParameter(name: ModelBuilder.join(path, name), type: type, shape: shape, initialiser: initialiser, role: role),
            owner: owner)
    }

    /// Applies an operator with one result.
    public func add(_ op: any Operator, _ operands: TensorValue?...) throws -> TensorValue {
        try builder.add(op, operands, name: path)[0]
    }

    /// Applies an operator to any number of operands.
    public func all(_ op: any Operator, _ operands: [TensorValue?]) throws -> [TensorValue] {
        try builder.add(op, operands, name: path)
    }
}

/// A layer with a place in the model: applied twice, it has the same weights.
public final class LayerInstance {
    public let layer: any Layer
    let context: LayerContext

    init(_ layer: any Layer, _ context: LayerContext) {
        self.layer = layer
        self.context = context
    }

    /// The name in the model.
    public var path: String { context.path }

    /// What the layer is and where, for messages: `conv stem`, or the path alone where it says what the layer is, as `block1.conv2`.
    public var title: String {
        let name = layer.definition.name
        return path.split(separator: ".").last?.hasPrefix(name) == true ? path : "\(name) \(path)"
    }

    /// All results of an application.
    public func results(_ operands: [TensorValue?]) throws -> [TensorValue] {
        try located(title) {
            let (least, most) = layer.definition.arity
            guard operands.count >= least, operands.count <= most ?? .max, operands.prefix(least).allSatisfy({ $0 != nil }) else {
                let names = layer.definition.operandNames.joined(separator: ", ")
                throw DLCError("takes the tensors \(names); found \(operands.compactMap { $0 }.count)")
            }
            return try layer.apply(to: operands, in: context)
        }
    }

    public func callAsFunction(_ operands: TensorValue?...) throws -> TensorValue { try results(operands)[0] }

    /// A parameter of the layer, such as `weight`.
    /// - Throws: where there is none, or none yet because its shape follows from the tensor the layer is applied to.
    public func parameter(_ name: String) throws -> TensorValue {
        try layer.prepare(in: context)
        guard let value = context.builder.parameterValue(ModelBuilder.join(path, name)) else {
            let known = context.builder.parameterNames(under: path)
            let fits = known.isEmpty ? "it has none before it is applied" : "it has \(known.joined(separator: ", "))"
            throw DLCError("\(title) has no parameter \(name); \(fits)")
        }
        return value
    }
}
