import DLCGraph
import DLCOps

/// What gradient rules build with: the graph so far, and short names for the operators that they are written in.
/// Nodes get the name of the layer whose gradient is built.
public struct GradientBuilder {
    public var builder: GraphBuilder
    /// The name of the layer that is differentiated.
    var name = ""
    /// Whether each operand of the node whose rule is asked leads to a value that a gradient is taken at.
    var wanted: [Bool] = []

    public init(_ builder: GraphBuilder) { self.builder = builder }

    /// Whether somebody reads the gradient with respect to an operand of the node whose rule is asked.
    public func isWanted(_ operand: Int) -> Bool { operand < wanted.count && wanted[operand] }

    public func shape(_ value: Value) -> Shape { builder.shape(value) }
    public func type(_ value: Value) -> TensorType { builder.fact(value).type }

    public mutating func add(_ op: any Operator, _ operands: Value?...) throws -> Value {
        try builder.add1(op, operands, name: name)
    }

    public mutating func results(_ op: any Operator, _ operands: Value?...) throws -> [Value] {
        try builder.add(op, operands, name: name)
    }

    // MARK: Constants

    /// A scalar of the element type of another value.
    public mutating func scalar(_ number: Double, like other: Value) throws -> Value {
        builder.constant(try Tensor(filling: number, type: builder.fact(other).element, shape: []))
    }

    /// The number in every element of a value's shape.
    public mutating func full(_ number: Double, like other: Value) throws -> Value {
        try expand(scalar(number, like: other), to: shape(other))
    }

    // MARK: Arithmetic; shapes broadcast

    public mutating func plus(_ a: Value, _ b: Value) throws -> Value { try arithmetic(.add, a, b) }
    public mutating func minus(_ a: Value, _ b: Value) throws -> Value { try arithmetic(.sub, a, b) }
    public mutating func times(_ a: Value, _ b: Value) throws -> Value { try arithmetic(.mul, a, b) }
    public mutating func over(_ a: Value, _ b: Value) throws -> Value { try arithmetic(.div, a, b) }
    public mutating func plus(_ a: Value, _ b: Double) throws -> Value { try plus(a, scalar(b, like: a)) }
    public mutating func times(_ a: Value, _ b: Double) throws -> Value { try times(a, scalar(b, like: a)) }
    public mutating func negative(_ a: Value) throws -> Value { try unary(.neg, a) }
    public mutating func squared(_ a: Value) throws -> Value { try times(a, a) }
    public mutating func unary(_ function: UnaryFunction, _ a: Value) throws -> Value {
        if let inner = repeated(a) { return try expand(unary(function, inner), to: shape(a)) }
        return try add(Unary(function), a)
    }
    /// 1 - a.
    public mutating func complement(_ a: Value) throws -> Value { try minus(scalar(1, like: a), a) }

    /// `a` where the condition holds, else `b`.
    public mutating func select(_ condition: Value, _ a: Value, _ b: Value) throws -> Value { try add(Where(), condition, a, b) }

    /// `a` where the condition holds, else 0.
    public mutating func masked(_ a: Value, where condition: Value) throws -> Value { try select(condition, a, scalar(0, like: a)) }

    public mutating func cast(_ a: Value, to type: ElementType) throws -> Value {
        builder.fact(a).element == type ? a : try add(Cast(to: type), a)
    }

    // MARK: Shapes

    public mutating func reshape(_ a: Value, to shape: Shape) throws -> Value {
        if self.shape(a) == shape { return a }
        if let tensor = builder.constant(a), let extents = shape.constants { return builder.constant(try tensor.reshaped(extents)) }
        return try add(Reshape(shape: shape), a)
    }
    public mutating func expand(_ a: Value, to shape: Shape) throws -> Value {
        self.shape(a) == shape ? a : try add(Expand(shape: shape), a)
    }

    public mutating func transpose(_ a: Value, _ permutation: [Int]) throws -> Value {
        permutation == Array(permutation.indices) ? a : try add(Transpose(permutation), a)
    }

    /// With the last two dimensions exchanged.
    public mutating func matrixTranspose(_ a: Value) throws -> Value {
        let rank = shape(a).count
        return try transpose(a, Array(0..<(rank - 2)) + [rank - 1, rank - 2])
    }

    /// The sum along axes, which stay as extents of 1. Of what is only repeated along them, as a gradient that begins with ones
    /// is, a multiple.
    public mutating func sum(_ a: Value, axes: [Int]) throws -> Value {
        if axes.isEmpty { return a }
        let rank = shape(a).count
        if let inner = repeated(a) {
            let own = Shape(repeating: 1, count: rank - shape(inner).count) + shape(inner)
            let all = try InferenceRules.axes(axes, rank: rank)
            if all.allSatisfy({ own[$0] == 1 }) {
                var kept = shape(a)
                for axis in all { kept[axis] = 1 }
                let product = try times(reshape(inner, to: own), count(of: shape(a), axes: all, like: a))
                return try expand(product, to: kept)
            }
        }
        return try add(Reduce(.sum, axes: axes), a)
    }

    /// Sums a gradient over the dimensions along which an operand of a shape was broadcast: what it takes to be the operand's.
    /// Where only a run tells whether an extent was, every element goes to its own place, or all to the only one there is.
    public mutating func summed(_ a: Value, to target: Shape) throws -> Value {
        let missing = shape(a).count - target.count
        var axes: [Int] = Array(0..<max(0, missing))
        var open: [Int] = []
        for (axis, extent) in target.enumerated() where extent != shape(a)[missing + axis] {
            if extent == 1 { axes.append(missing + axis) } else { open.append(missing + axis) }
        }
        var sum = try sum(a, axes: axes)
        for axis in open {
            var shape = shape(sum)
            let last = try add(Binary(.sub), extent(target[axis - missing]), extent(1))
            let places = try add(Binary(.min), range(shape[axis]), last)
            shape[axis] = target[axis - missing]
            sum = try add(GatherGradient(axis: axis, shape: shape), places, sum)
        }
        return try reshape(sum, to: target)
    }

    /// How many elements lie along the axes, as a scalar of the element type of another value.
    public mutating func count(of shape: Shape, axes: [Int], like other: Value) throws -> Value {
        let count = try Shape(axes.map { shape[$0] }).product()
        if let number = count.constant { return try scalar(Double(number), like: other) }
        return try cast(add(Extents(values: [count], shape: [], type: .int64)), to: builder.fact(other).element)
    }
}
