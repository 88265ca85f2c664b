import DLCGraph
import DLCOps

/// Operators on values: build-time arithmetic is exact or an error, tensors get a node.
///
/// Every function throws a `DLCError` that says what fits.
enum Arithmetic {
    static func unary(_ op: UnaryOperator, _ value: BuildValue) throws -> BuildValue {
        let value = value.single
        switch (op, value) {
        case (_, .invalid): return .invalid
        case (.negate, .integer(let a)): return .integer(try Checked.multiply(a, -1))
        case (.negate, .number(let a)): return .number(-a)
        case (.negate, .dimension(let a)): return try BuildValue(a.times(-1))
        case (.negate, .tensor(let x)): return .tensor(try x.apply(Unary(.neg)))
        case (.not, .boolean(let a)): return .boolean(!a)
        case (.not, .tensor(let x)): return .tensor(try x.apply(Unary(.not)))
        case (.negate, _): throw DLCError("`-` takes a number or a tensor, found \(value.found)")
        case (.not, _): throw DLCError("`!` takes true, false or a tensor of bool, found \(value.found)")
        }
    }

    /// Both operands evaluated; `&&` and `||` between build-time values are settled before.
    static func binary(_ op: BinaryOperator, _ left: BuildValue, _ right: BuildValue) throws -> BuildValue {
        let (left, right) = (left.single, right.single)
        if left.isInvalid || right.isInvalid { return .invalid }
        if op.precedence == 3, let known = try identity(op, left, right) { return .boolean(known) }
        if left.tensor != nil || right.tensor != nil { return .tensor(try tensors(op, left, right)) }
        switch op {
        case .halfOpenRange, .closedRange: return try range(op, left, right)
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: return .boolean(try compare(op, left, right))
        case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power: return try arithmetic(op, left, right)
        case .matrixProduct: throw DLCError("`@` takes two tensors, found \(left.found) and \(right.found)")
        case .and, .or: throw unfit(op, left, right, "conditions (true or false)")
        }
    }

    private static func unfit(_ op: BinaryOperator, _ left: BuildValue, _ right: BuildValue, _ expected: String) -> DLCError {
        DLCError("`\(op.rawValue)` takes \(expected), found \(left.found) and \(right.found)")
    }

    // MARK: Build-time values

    private static func arithmetic(_ op: BinaryOperator, _ left: BuildValue, _ right: BuildValue) throws -> BuildValue {
        switch (left, right) {
        case (.integer(let a), .integer(let b)): return try integers(op, a, b)
        case (.text(let a), .text(let b)) where op == .add: return .text(try limited(a + b))
        case (.list, .list), (.range, .list), (.list, .range), (.range, .range):
            guard op == .add, let a = left.items, let b = right.items else { break }
            return .list(try BuildList(a + b))
        case (.dimension, .integer), (.dimension, .dimension), (.integer, .dimension):
            if let a = left.dim, let b = right.dim { return try dimensions(op, a, b) }
        default:
            if let a = number(left), let b = number(right) { return .number(try numbers(op, a, b)) }
        }
        throw unfit(op, left, right, op == .add ? "two numbers, texts, lists or tensors" : "numbers or tensors")
    }

    static func limited(_ text: String) throws -> String {
        if text.utf8.count > 10_000 { throw DLCError("a text has at most 10000 characters") }
        return text
    }

    static func number(_ value: BuildValue) -> Double? {
        switch value.single {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    private static func integers(_ op: BinaryOperator, _ a: Int, _ b: Int) throws -> BuildValue {
        switch op {
        case .add: return .integer(try Checked.add(a, b))
        case .subtract:
            let (difference, overflow) = a.subtractingReportingOverflow(b)
            if overflow { throw DLCError("size overflows: \(a) - \(b)") }
            return .integer(difference)
        case .multiply: return .integer(try Checked.multiply(a, b))
        case .divide:
            // A quotient without a remainder stays an integer, so that it can be a width or part of a name.
            guard b != 0 else { throw DLCError("\(a) is divided by zero") }
            if b != -1, a % b == 0 { return .integer(a / b) }
            return b == -1 ? .integer(try Checked.multiply(a, -1)) : .number(Double(a) / Double(b))
        case .floorDivide: return try BuildValue(Dim(a).quotient(Dim(b)))
        case .remainder: return try BuildValue(Dim(a).remainder(Dim(b)))
        default:
            if b < 0 { return .number(power(Double(a), Double(b))) }
            var (result, base, exponent) = (1, a, b)
            while exponent > 0 {
                if exponent & 1 == 1 { result = try Checked.multiply(result, base) }
                exponent >>= 1
                if exponent > 0 { base = try Checked.multiply(base, base) }
            }
            return .integer(result)
        }
    }

    private static func numbers(_ op: BinaryOperator, _ a: Double, _ b: Double) throws -> Double {
        switch op {
        case .add: return a + b
        case .subtract: return a - b
        case .multiply: return a * b
        case .power: return power(a, b)
        default:
            guard b != 0 else { throw DLCError("\(a) is divided by zero") }
            switch op {
            case .divide: return a / b
            case .floorDivide: return (a / b).rounded(.down)
            default: return a - b * (a / b).rounded(.down)
            }
        }
    }

    private static func dimensions(_ op: BinaryOperator, _ a: Dim, _ b: Dim) throws -> BuildValue {
        switch op {
        case .add: return try BuildValue(a.plus(b))
        case .subtract: return try BuildValue(a.minus(b))
        case .multiply: return try BuildValue(a.times(b))
        case .floorDivide: return try BuildValue(a.quotient(b))
        case .remainder: return try BuildValue(a.remainder(b))
        case .divide:
            guard try a.remainder(b) == 0 else {
                throw DLCError("`\(a)` may leave a remainder divided by `\(b)`; `~/` rounds down")
            }
            return try BuildValue(a.quotient(b))
        default:
            guard let exponent = b.constant, 0...8 ~= exponent else {
                throw DLCError("`**` of the dimension `\(a)` takes an exponent from 0 to 8, found `\(b)`")
            }
            return try BuildValue((0..<exponent).reduce(Dim(1)) { power, _ in try power.times(a) })
        }
    }

    private static func range(_ op: BinaryOperator, _ left: BuildValue, _ right: BuildValue) throws -> BuildValue {
        guard let first = left.integer, let last = right.integer else { throw unfit(op, left, right, "two integers that are known") }
        let end = op == .closedRange ? try Checked.add(last, 1) : last
        guard end >= first else { throw DLCError("the range \(first)\(op.rawValue)\(last) ends before it begins") }
        if end.subtractingReportingOverflow(first).overflow { throw DLCError("the range \(first)\(op.rawValue)\(last) is too long") }
        return .range(first..<end)
    }

    // MARK: Comparison

    /// What comparison with `none` and between values that are no numbers says, or nil.
    private static func identity(_ op: BinaryOperator, _ left: BuildValue, _ right: BuildValue) throws -> Bool? {
        let isNone = { (value: BuildValue) in if case .none = value { true } else { false } }
        guard isNone(left) || isNone(right), op == .equal || op == .notEqual else { return nil }
        return (isNone(left) && isNone(right)) == (op == .equal)
    }

    private static func compare(_ op: BinaryOperator, _ left: BuildValue, _ right: BuildValue) throws -> Bool {
        if let a = left.dim, let b = right.dim { return try dimensionsCompare(op, a, b) }
        if let a = number(left), let b = number(right) { return ordered(op, a, b) }
        if op == .equal || op == .notEqual, let same = try equal(left, right) { return same == (op == .equal) }
        throw unfit(op, left, right, op == .equal || op == .notEqual ? "two values of one kind" : "numbers or tensors")
    }

    private static func equal(_ left: BuildValue, _ right: BuildValue) throws -> Bool? {
        switch (left, right) {
        case (.boolean(let a), .boolean(let b)): return a == b
        case (.text(let a), .text(let b)): return a == b
        case (.type(let a), .type(let b)): return a == b
        default:
            guard let a = left.items, let b = right.items else { return nil }
            guard a.count == b.count else { return false }
            for (x, y) in zip(a, b) where try !compare(.equal, x, y) { return false }
            return true
        }
    }

    private static func ordered<T: Comparable>(_ op: BinaryOperator, _ a: T, _ b: T) -> Bool {
        switch op {
        case .equal: a == b
        case .notEqual: a != b
        case .less: a < b
        case .lessOrEqual: a <= b
        case .greater: a > b
        default: a >= b
        }
    }

    /// Decides what is so for every value of the symbols.
    private static func dimensionsCompare(_ op: BinaryOperator, _ a: Dim, _ b: Dim) throws -> Bool {
        let difference = try a.minus(b)
        if let known = difference.constant { return ordered(op, known, 0) }
        throw DLCError("whether `\(a) \(op.rawValue) \(b)` is not known before a run; conditions are settled while the model is built")
    }

    // MARK: Tensors

    private static func tensors(_ op: BinaryOperator, _ left: BuildValue, _ right: BuildValue) throws -> TensorValue {
        if op == .matrixProduct {
            guard let a = left.tensor, let b = right.tensor else { throw unfit(op, left, right, "two tensors") }
            return try a.matmul(b)
        }
        guard let like = left.tensor ?? right.tensor else { throw unfit(op, left, right, "tensors") }
        let (a, b) = (try operand(left, like, op.rawValue), try operand(right, like, op.rawValue))
        let function: BinaryFunction
        switch op {
        case .add: function = .add
        case .subtract: function = .sub
        case .multiply: function = .mul
        case .divide: function = .div
        case .remainder: function = .mod
        case .power: function = .pow
        case .equal: function = .equal
        case .less: function = .less
        case .lessOrEqual: function = .lessOrEqual
        case .greater: function = .greater
        case .greaterOrEqual: function = .greaterOrEqual
        case .and: function = .and
        case .or: function = .or
        case .notEqual: return try a.apply(Binary(.equal), b).apply(Unary(.not))
        case .floorDivide:
            guard a.element.isFloat || a.element.isInteger else { throw DLCError("`~/` takes tensors of numbers, found \(a.type)") }
            try checkBroadcast(a, b, op.rawValue)
            return try floorDivision(a, b)
        case .halfOpenRange, .closedRange: throw unfit(op, left, right, "two integers")
        case .matrixProduct: return try a.matmul(b)
        }
        try checkBroadcast(a, b, op.rawValue)
        return try a.apply(Binary(function), b)
    }

    /// The quotient rounded towards −∞. Division of integers rounds towards 0: where a remainder is left over and the signs differ,
    /// that is one too many.
    private static func floorDivision(_ a: TensorValue, _ b: TensorValue) throws -> TensorValue {
        let quotient = try a.apply(Binary(.div), b)
        guard !a.element.isFloat else { return try quotient.apply(Unary(.floor)) }
        guard a.element.isSigned else { return quotient }
        let isExact = try quotient.apply(Binary(.mul), b).apply(Binary(.equal), a)
        func isNegative(_ x: TensorValue) throws -> TensorValue { try x.apply(Binary(.less), x.builder.scalar(0, like: x)) }
        let differ = try isNegative(a).apply(Binary(.xor), isNegative(b))
        let isBelow = try isExact.apply(Unary(.not)).apply(Binary(.and), differ)
        return try quotient.apply(Binary(.sub), isBelow.apply(Cast(to: a.element)))
    }

    /// Refuses a dimension that a run settles beside a number above 1: who wrote them forgot a `flatten`, not a broadcast.
    private static func checkBroadcast(_ a: TensorValue, _ b: TensorValue, _ op: String) throws {
        for (x, y) in zip(a.shape.reversed(), b.shape.reversed()) {
            guard (x.constant == nil) != (y.constant == nil), (x.constant ?? y.constant ?? 1) > 1 else { continue }
            throw DLCError("`\(op)` of \(a.type) and \(b.type): whether `\(x)` and `\(y)` are equal is not known before a run")
        }
    }

    /// The elements of `a` where the condition's are true, else those of `b`; all three broadcast. Two integers give i64, two other
    /// numbers f32.
    static func choose(_ condition: BuildValue, _ a: BuildValue, _ b: BuildValue) throws -> TensorValue {
        guard let chooser = condition.tensor, chooser.element == .bool else {
            throw DLCError("the condition of `where` is a tensor of bool, found \(condition.found)")
        }
        guard let like = a.tensor ?? b.tensor else {
            guard let yes = number(a), let no = number(b) else {
                throw DLCError("`where` takes tensors and numbers, found \(a.found) and \(b.found)")
            }
            var areIntegers = false
            if case .integer = a, case .integer = b { areIntegers = true }
            func constant(_ number: Double) throws -> TensorValue {
                chooser.builder.constant(try Tensor(doubles: [number], type: areIntegers ? .int64 : .float32, shape: []))
            }
            return try chooser.apply(Where(), constant(yes), constant(no))
        }
        return try chooser.apply(Where(), operand(a, like, "where"), operand(b, like, "where"))
    }

    private static func operand(_ value: BuildValue, _ like: TensorValue, _ op: String) throws -> TensorValue {
        if let tensor = value.tensor { return tensor }
        if let number = number(value) { return try like.builder.scalar(number, like: like) }
        if case .boolean(let flag) = value, like.element == .bool {
            return like.builder.constant(try Tensor([flag], shape: []))
        }
        if case .dimension(let dim) = value {
            throw DLCError("`\(op)` takes numbers that are known beside a tensor; the dimension `\(dim)` is settled by a run")
        }
        throw DLCError("`\(op)` takes tensors and numbers, found \(like.type) and \(value.found)")
    }
}
