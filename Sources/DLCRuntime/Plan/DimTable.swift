/// Every distinct dimension of a plan once, evaluated together: a list of instructions over places, so that binding a set of
/// shapes costs one pass, whatever the number of steps.
struct DimTable: Sendable {
    /// The place of a dimension's value.
    typealias Place = Int32

    private struct Instruction: Sendable, Hashable {
        var operation: DimOperation
        var a: Place
        var b: Place
    }

    /// What stands at the place of a dimension that has no value: it overflows, divides by zero, or nothing binds it.
    static let none = Int.min

    private var symbols: [(name: String, place: Place)] = []
    /// Numbers at their places, `none` elsewhere.
    private var template: [Int] = []
    private var instructions: [(instruction: Instruction, result: Place)] = []
    /// Dimensions with steps in floats, which are evaluated as they are.
    private var others: [(dim: Dim, result: Place)] = []
    private var numbers: [Int: Place] = [:]
    private var expressions: [Dim: Place] = [:]
    private var results: [Instruction: Place] = [:]

    /// The place of a dimension, which is added where it is new.
    mutating func place(_ dim: Dim) throws -> Place {
        // Of most plans nearly all; found again only where expressions share them.
        if let number = dim.constant { return append(number) }
        if let known = expressions[dim] { return known }
        var hasFloats = false
        var place = try dim.folded(
            number: { table, value in table.place(value) }, symbol: { table, name in table.place(symbol: name) },
            part: { table, dim in try dim.constant.map { table.place($0) } ?? table.place(dim) },
            operation: { table, operation, operands in
                table.place(Instruction(operation: operation, a: operands[0], b: operands[operands.count - 1]))
            },
            real: { table, _, _ in
                hasFloats = true
                return table.place(0)
            }, &self)
        if hasFloats {
            place = append(Self.none)
            others.append((dim, place))
        }
        expressions[dim] = place
        return place
    }

    /// The places of a shape or of strides: one behind the other where all are numbers.
    mutating func places(_ dims: [Dim]) throws -> Places {
        let first = template.count
        for dim in dims {
            guard let number = dim.constant else {
                template.removeLast(template.count - first)
                return Places(first: 0, count: Place(dims.count), list: try dims.map { try place($0) })
            }
            template.append(number)
        }
        return Places(first: Place(first), count: Place(dims.count), list: nil)
    }

    struct Places: Sendable {
        fileprivate let first: Place
        fileprivate let count: Place
        fileprivate let list: [Place]?

        var indices: Range<Int> { 0..<Int(count) }

        subscript(_ index: Int) -> Place { list.map { $0[index] } ?? first + Place(index) }
    }

    /// Whether the value at a place depends on shapes.
    func varies(_ place: Place) -> Bool { template[Int(place)] == Self.none }

    /// The places of some dimensions whose values depend on shapes.
    func varying(_ places: Places) -> [Place] { places.list?.filter(varies) ?? [] }

    /// The place of a symbolic dimension that was added.
    func known(_ dim: Dim) -> Place? { expressions[dim] }

    private mutating func append(_ value: Int) -> Place {
        template.append(value)
        return Place(template.count - 1)
    }

    private mutating func place(_ number: Int) -> Place {
        if let known = numbers[number] { return known }
        let place = append(number)
        numbers[number] = place
        return place
    }

    private mutating func place(symbol name: String) -> Place {
        if let known = symbols.first(where: { $0.name == name }) { return known.place }
        let place = append(Self.none)
        symbols.append((name, place))
        return place
    }

    private mutating func place(_ instruction: Instruction) -> Place {
        if let known = results[instruction] { return known }
        let place = append(Self.none)
        instructions.append((instruction, place))
        results[instruction] = place
        return place
    }

    /// All values by place.
    func evaluate(_ bindings: [String: Int]) -> [Int] {
        var values = template
        for symbol in symbols { values[Int(symbol.place)] = bindings[symbol.name] ?? Self.none }
        for other in others { values[Int(other.result)] = (try? other.dim.evaluate(bindings)) ?? Self.none }
        values.withUnsafeMutableBufferPointer { values in
            for (instruction, result) in instructions {
                let (a, b) = (values[Int(instruction.a)], values[Int(instruction.b)])
                values[Int(result)] = Self.apply(instruction.operation, a, b) ?? Self.none
            }
        }
        return values
    }

    /// The value of an operation, or nil where it has none. What is multiplied by 0 is of no account.
    private static func apply(_ operation: DimOperation, _ a: Int, _ b: Int) -> Int? {
        if operation == .multiply, a == 0 || b == 0 { return 0 }
        if a == none || b == none { return nil }
        switch operation {
        case .add: return unlessOverflowing(a.addingReportingOverflow(b))
        case .multiply: return unlessOverflowing(a.multipliedReportingOverflow(by: b))
        case .divide:
            if b == 0 { return 0 }
            let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
            return remainder != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient
        case .modulo:
            if b == 0 { return 0 }
            let remainder = a % b
            return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
        case .maximum: return max(a, b)
        case .minimum: return min(a, b)
        case .broadcast: return a == 1 ? b : b == 1 || a == b ? a : nil
        case .isZero: return a == 0 ? 1 : 0
        case .isNegative: return a < 0 ? 1 : 0
        }
    }

    private static func unlessOverflowing(_ result: (partialValue: Int, overflow: Bool)) -> Int? {
        result.overflow ? nil : result.partialValue
    }
}
