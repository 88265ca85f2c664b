/// The vectors of int64 in a graph whose elements are known as expressions, by these: what shape arithmetic has computed already.
public struct WrittenContents {
    fileprivate var vectors: [[Dim]: String] = [:]
    fileprivate var elements: [Dim: (vector: String, index: Int)] = [:]
    /// The elements that are expressions, in the order of the graph.
    public private(set) var expressions: [Dim] = []

    public init() {}

    /// Notes what is known of a value.
    public mutating func note(_ name: String, _ fact: Fact) {
        guard fact.type.container == nil, fact.element == .int64, fact.rank == 1, let content = fact.content, content.constants == nil,
            vectors[content] == nil
        else { return }
        vectors[content] = name
        for (index, dim) in content.enumerated() where dim.constant == nil && dim.symbol == nil && elements[dim] == nil {
            elements[dim] = (name, index)
            expressions.append(dim)
        }
    }
}

/// Dimensions as ONNX nodes over the shapes of the inputs and over values that have them as elements.
extension ONNXWriter {
    /// Writes the int64 vector of dimensions, computed from the inputs' shapes where they are symbolic.
    public mutating func dimensions(_ dims: [Dim], _ hint: String = "shape") throws -> String {
        if let values = dims.constants { return try integers(values, hint) }
        if let known = contents.vectors[dims] { return known }
        let parts = try dims.map { try dimension($0) }
        return intermediate("Concat", parts, [("axis", .int(0))])
    }

    /// The name of a one-element int64 vector with the value of `dim`.
    private mutating func dimension(_ dim: Dim) throws -> String {
        if let value = dim.constant { return try integers([value]) }
        if let known = expressions[dim] { return known }
        if let (vector, index) = contents.elements[dim] {
            let element = intermediate("Gather", [vector, try integers([index])])
            expressions[dim] = element
            return element
        }
        let result = try dim.folded(
            number: { try $0.integers([$1]) },
            symbol: { writer, name in
                guard let (input, axis) = writer.symbolValue(name) else {
                    throw DLCError("dimension \(name) is not the extent of an input")
                }
                let shape = writer.intermediate("Shape", [input])
                let index = try writer.integers([axis])
                return writer.intermediate("Gather", [shape, index])
            },
            part: { try $0.dimension($1) }, operation: { try $0.operation($1, $2) }, real: { try $0.real($1, $2) }, &self)
        expressions[dim] = result
        return result
    }

    /// The name of the one-element vector that an operation of dimensions gives.
    private mutating func operation(_ operation: DimOperation, _ operands: [String]) throws -> String {
        switch operation {
        case .add: return intermediate("Add", operands)
        case .multiply: return intermediate("Mul", operands)
        case .modulo: return intermediate("Mod", operands)
        case .divide:
            // ONNX rounds toward 0: what divides without a remainder is the same for both.
            let rest = intermediate("Mod", operands)
            return intermediate("Div", [intermediate("Sub", [operands[0], rest]), operands[1]])
        case .maximum: return intermediate("Max", operands)
        case .minimum: return intermediate("Min", operands)
        case .broadcast:
            // The greater one, or 0 where one of them is: max(a, b) · min(a, b, 1).
            let least = intermediate("Min", operands + [try integers([1])])
            return intermediate("Mul", [intermediate("Max", operands), least])
        case .isZero, .isNegative:
            let truth = intermediate(operation == .isZero ? "Equal" : "Less", operands + [try integers([0])])
            return intermediate("Cast", [truth], [("to", .int(ElementType.int64.onnx))])
        }
    }

    /// The name of the one-element vector that a step of a float in a dimension gives.
    private mutating func real(_ step: RealStep, _ operands: [String]) throws -> String {
        func cast(_ type: ElementType) -> [(name: String, value: AttributeValue)] { [("to", .int(type.onnx))] }
        switch step {
        case .number(let value, let type): return constant(try Tensor([value], shape: [1]).converted(to: type))
        case .scaled(let shift, let type):
            let whole = intermediate("Cast", operands, cast(type))
            if shift == 0 { return whole }
            return intermediate("Div", [whole, constant(try Tensor([Double(1 << shift)], shape: [1]).converted(to: type))])
        case .truncated: return intermediate("Cast", operands, cast(.int64))
        case .apply(let function, let type):
            switch function {
            case .convert: return intermediate("Cast", operands, cast(type))
            case .less, .equal: return intermediate("Cast", [intermediate(function == .less ? "Less" : "Equal", operands)], cast(type))
            case .mod:
                let quotient = intermediate("Floor", [intermediate("Div", operands)])
                return intermediate("Sub", [operands[0], intermediate("Mul", [operands[1], quotient])])
            case .fmod: return intermediate("Mod", operands, [("fmod", .int(1))])
            default: return intermediate(function.name.prefix(1).uppercased() + function.name.dropFirst(), operands)
            }
        }
    }
}
