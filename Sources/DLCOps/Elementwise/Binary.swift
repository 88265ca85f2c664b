import DLCGraph

/// The way in which `bit_shift` shifts.
public enum ShiftDirection: String, Sendable, CaseIterable, AttributeConvertible {
    case left = "LEFT", right = "RIGHT"
}

/// A function of two tensors' elements after broadcasting (ONNX, "Multidirectional Broadcasting").
///
/// Integers wrap; dividing by zero gives 0. Comparisons give bool.
public struct Binary: Operator {
    public let function: BinaryFunction
    /// For `mod`: the result has the sign of the dividend, not of the divisor.
    public var fmod = false
    /// For `bit_shift`.
    public var direction = ShiftDirection.left

    public init(_ function: BinaryFunction, fmod: Bool = false, direction: ShiftDirection = .left) {
        self.function = function
        self.fmod = fmod
        self.direction = direction
    }

    public var definition: OperatorDefinition { Self.definitions[function] ?? Self.add }

    static let table: [OperatorDefinition] = BinaryFunction.allCases.compactMap { definitions[$0] }
    private static let add = define(.add)
    private static let definitions: [BinaryFunction: OperatorDefinition] = Dictionary(
        uniqueKeysWithValues: BinaryFunction.allCases.map { ($0, define($0)) })

    private static func define(_ function: BinaryFunction) -> OperatorDefinition {
        var traits: OperatorTraits = [.elementwise]
        if function.isCommutative { traits.insert(.commutative) }
        if !function.isComparison { traits.insert(.inPlaceable) }
        switch function {
        case .mod:
            return OperatorDefinition(
                Binary(.mod), name: "mod", operands: ["a", "b"], traits: traits, onnx: mappings(.mod),
                examples: { try examples(.mod) }
            ) {
                Attribute("fmod", \.fmod)
            }
        case .bitShift:
            return OperatorDefinition(
                Binary(.bitShift), name: "bit_shift", operands: ["a", "b"], traits: traits, onnx: mappings(.bitShift),
                examples: { try examples(.bitShift) }
            ) {
                Attribute("direction", \.direction)
            }
        default:
            return OperatorDefinition(
                Binary(function), name: function.rawValue, operands: ["a", "b"], traits: traits, onnx: mappings(function),
                examples: { try examples(function) })
        }
    }

    private static func examples(_ function: BinaryFunction) throws -> [Example] {
        func values(_ seed: UInt64, _ type: ElementType, _ shape: [Int], positive: Bool = false) throws -> Tensor {
            let x = try Tensor.random(seed: seed, type: type, shape: shape)
            guard positive, type != .bool else { return x }
            return try Tensor(doubles: x.doubles().map { abs($0) + 1 }, type: type, shape: shape)
        }
        var result: [Example] = []
        let variants: [Binary] =
            switch function {
            case .mod: [Binary(.mod), Binary(.mod, fmod: true)]
            case .bitShift: [Binary(.bitShift), Binary(.bitShift, direction: .right)]
            default: [Binary(function)]
            }
        let types = function.types.filter { [.float32, .float64, .float16, .int64, .int32, .uint8, .bool, .string].contains($0) }
        for op in variants {
            let hasDivisor = function == .div || function == .mod
            let isPower = function == .pow
            let hasAmount = function == .bitShift
            for (index, type) in types.enumerated() {
                let shapes: [([Int], [Int])] = [([2, 3, 4], [2, 3, 4]), ([2, 3, 4], [4]), ([3, 1], [2, 1, 4]), ([5], [])]
                for (a, b) in index == 0 ? shapes : [shapes[index % shapes.count]] {
                    let x = try values(UInt64(index + 1), type, a, positive: isPower)
                    var y = try values(UInt64(index + 20), type, b, positive: hasDivisor || hasAmount)
                    if isPower, type.isInteger { y = try Tensor(filling: 3, type: type, shape: b) }
                    result.append(
                        Example("\(type)\(a) with \(b)", op, [x, y], isDifferentiable: function.isDifferentiable && type.isFloat))
                }
            }
        }
        let empty = try Tensor(type: types[0], shape: [0, 3]) { _ in }
        result.append(Example("empty", Binary(function), [empty, try values(9, types[0], [3])], isDifferentiable: false))
        return result
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "a", function.types)
        let (a, b) = (try context.operand(0), try context.operand(1))
        guard a.element == b.element else { throw DLCError("a is \(a.type), b is \(b.type); expected one element type") }
        let shape = try context.broadcast([a.shape, b.shape])
        return [Fact(function.isComparison ? .bool : a.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (a, b) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let shape = try Oracle.broadcast([a.shape, b.shape])
        let (x, y) = (try a.broadcast(to: shape), try b.broadcast(to: shape))
        let type = function.isComparison ? .bool : a.type
        if a.type.isFloat {
            return [try Tensor(doubles: zip(x.doubles(), y.doubles()).map(compute), type: type, shape: shape)]
        }
        if a.type == .string {
            return [try Tensor(zip(x.texts(), y.texts()).map { $0 == $1 }, shape: shape)]
        }
        if a.type == .uint64 {
            let values = zip(try x.array(of: UInt64.self), try y.array(of: UInt64.self)).map { compute($0, $1) }
            return [try Tensor(integers: values.map(Int64.init(bitPattern:)), type: type, shape: shape)]
        }
        return [try Tensor(integers: zip(x.integers(), y.integers()).map { compute($0, $1) }, type: type, shape: shape)]
    }
}
