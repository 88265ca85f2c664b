/// How the shapes of a call bind the symbols of a model: a pure function, shared by sessions and the oracle.
///
/// Extents that are one symbol bind it. Then extents with one unknown symbol are solved for it where the equation has one
/// solution. Then every extent of every input and every constraint is checked.
public struct ShapeBinding: Sendable {
    /// An input as the model describes it.
    public struct Input: Sendable {
        public let name: String
        public let shape: Shape
        /// The shape before constraints settled some of its symbols.
        public let declared: Shape

        public init(name: String, shape: Shape, declared: Shape? = nil) {
            self.name = name
            self.shape = shape
            self.declared = declared ?? shape
        }
    }

    private struct Extent {
        let dim: Dim
        let declared: Dim
        let value: Int
        let place: String
    }

    public let inputs: [Input]
    public let constraints: [Constraint]
    public let settled: [SettledSymbol]

    public init(inputs: [Input], constraints: [Constraint] = [], settled: [SettledSymbol] = []) {
        self.inputs = inputs
        self.constraints = constraints
        self.settled = settled
    }

    /// The value of each symbol that the shapes determine.
    /// - Parameter shapes: one for each input, of its rank.
    /// - Throws: where an extent is not what the model says, or a constraint does not hold; both extents are named with the place
    ///   that they come from.
    public func values(_ shapes: [[Int]]) throws -> [String: Int] {
        var extents: [Extent] = []
        for (input, shape) in zip(inputs, shapes) {
            guard shape.count == input.shape.count else {
                let expected = input.shape.map(\.description).joined(separator: ", ")
                throw DLCError("input \(input.name) has \(shape.count) dimensions; expected [\(expected)]")
            }
            for axis in shape.indices {
                extents.append(
                    Extent(
                        dim: input.shape[axis], declared: input.declared[axis], value: shape[axis],
                        place: "dimension \(axis) of input \(input.name)"))
            }
        }
        var bound = Bound()
        for extent in extents {
            guard let symbol = extent.dim.symbol, bound.values[symbol] == nil else { continue }
            bound.values[symbol] = extent.value
            bound.places[symbol] = extent.place
        }
        try solve(extents, &bound)
        for extent in extents { try check(extent, bound) }
        for constraint in constraints where constraint.symbols.allSatisfy({ bound.values[$0] != nil }) {
            guard try constraint.holds(bound.values) else { throw constraint.violation(bound.description) }
        }
        return bound.values
    }

    /// Values of symbols and where they come from.
    private struct Bound {
        var values: [String: Int] = [:]
        var places: [String: String] = [:]

        /// The extent with its value and where it comes from.
        func description(_ dim: Dim) -> String {
            if let number = dim.constant { return String(number) }
            let value = (try? dim.evaluate(values)).map { String($0) } ?? "?"
            if let symbol = dim.symbol, let place = places[symbol] { return "\(value) (\(place))" }
            let origins = dim.symbols.sorted().compactMap { symbol in places[symbol].map { "\(symbol) is \(values[symbol] ?? 0), \($0)" } }
            return "\(value) (\(dim); \(origins.joined(separator: "; ")))"
        }
    }

    /// Binds symbols that only compound extents name.
    private func solve(_ extents: [Extent], _ bound: inout Bound) throws {
        var open = extents.filter { $0.dim.constant == nil && $0.dim.symbol == nil }
        var isProgress = true
        while isProgress && !open.isEmpty {
            isProgress = false
            var rest: [Extent] = []
            for extent in open {
                let unknown = extent.dim.symbols.filter { bound.values[$0] == nil }
                guard unknown.count <= 1 else {
                    rest.append(extent)
                    continue
                }
                guard let symbol = unknown.first else { continue }
                guard let value = try solution(of: extent, for: symbol, bound) else { continue }
                bound.values[symbol] = value
                bound.places[symbol] = extent.place
                isProgress = true
            }
            open = rest
        }
    }

    /// The value of a symbol that gives the extent, or nil where the equation is none that has one solution.
    private func solution(of extent: Extent, for symbol: String, _ bound: Bound) throws -> Int? {
        let dim = try extent.dim.substituting(bound.values.mapValues { Dim($0) })
        guard let start = try? dim.evaluate([symbol: 0]), let next = try? dim.evaluate([symbol: 1]) else { return nil }
        let slope = next - start
        guard slope != 0, try Dim(symbol: symbol).times(Dim(slope)).plus(Dim(start)) == dim else { return nil }
        let distance = extent.value - start
        guard distance % slope == 0, distance / slope >= 0 else {
            let claim = "\(extent.value) (\(extent.place)) is not \(extent.dim) for any \(Dim(symbol: symbol))"
            guard let cause = cause(of: extent) else { throw DLCError(claim) }
            throw DLCError("\(claim): \(cause.reason)", at: cause.place.isEmpty ? [] : [cause.place])
        }
        return distance / slope
    }

    /// What is wrong with the shape of an input where it has another extent than one that constraints settled.
    public func contradiction(_ index: Int, _ shape: [Int]) -> DLCError? {
        let input = inputs[index]
        for axis in shape.indices where shape.count == input.shape.count && (input.shape[axis].constant ?? shape[axis]) != shape[axis] {
            let extent = Extent(
                dim: input.shape[axis], declared: input.declared[axis], value: shape[axis],
                place: "dimension \(axis) of input \(input.name)")
            do { try check(extent, Bound()) } catch let error as DLCError { return extent.dim == extent.declared ? nil : error } catch {}
        }
        return nil
    }

    /// The constraint by which an extent is no longer what the model declares.
    private func cause(of extent: Extent) -> SettledSymbol? {
        extent.declared == extent.dim ? nil : settled.first { extent.declared.symbols.contains($0.symbol) }
    }

    private func check(_ extent: Extent, _ bound: Bound) throws {
        guard extent.dim.symbols.allSatisfy({ bound.values[$0] != nil }) else { return }
        guard try extent.dim.evaluate(bound.values) != extent.value else { return }
        if let cause = cause(of: extent) {
            throw DLCError(
                "\(extent.value) (\(extent.place)) must equal \(bound.description(extent.dim)): \(cause.reason)",
                at: cause.place.isEmpty ? [] : [cause.place])
        }
        if let symbol = extent.dim.symbol, let known = bound.values[symbol], let place = bound.places[symbol] {
            throw DLCError("dimension \(symbol) is \(known) in \(place) and \(extent.value) in \(extent.place)")
        }
        throw DLCError("\(extent.value) (\(extent.place)) must equal \(bound.description(extent.dim))")
    }
}

extension Constraint {
    /// Whether it holds for values of all its symbols.
    func holds(_ values: [String: Int]) throws -> Bool {
        let (a, b) = (try left.evaluate(values), try right.evaluate(values))
        return switch relation {
        case .equal: a == b
        case .broadcasts: a == b || a == 1 || b == 1
        case .expands: a == b || a == 1
        case .divides: a == 0 ? b == 0 : a == -1 || b % a == 0
        case .atLeast: a >= b
        }
    }
}
