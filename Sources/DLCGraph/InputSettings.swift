/// What a caller settles for good about a model's inputs before it is compiled.
public struct InputSettings: Sendable {
    /// Shapes of inputs by name; their symbols have these extents wherever they stand.
    public var shapes: [String: [Int]] = [:]
    /// Extents of symbols by name.
    public var dims: [String: Int] = [:]
    /// Inputs that become constants, such as axes, pads and counts that decide shapes.
    public var constants: [String: Tensor] = [:]

    /// Numbers of dimensions by name, of inputs that may declare no shape; the extents stay open.
    public var ranks: [String: Int] = [:]

    /// What the tensors in sequences and optionals have in common, by name, of inputs that may not declare it.
    public var elements: [String: Container.Elements] = [:]

    public init() {}

    public var isEmpty: Bool { shapes.isEmpty && dims.isEmpty && constants.isEmpty }

    /// The extents of the symbols that are settled.
    /// - Parameter types: the declared types of all inputs, by name.
    /// - Throws: where an input or a symbol does not exist, a shape does not fit the declared one, a symbol gets two extents,
    ///   or a constant has another type.
    public func symbols(of types: [(name: String, type: TensorType)]) throws -> [String: Dim] {
        let known = Set(types.flatMap { $0.type.shape.flatMap(\.symbols) })
        var extents: [String: (extent: Int, source: String)] = [:]
        func settle(_ symbol: String, _ extent: Int, _ source: String) throws {
            if let other = extents[symbol], other.extent != extent {
                throw DLCError("dimension \(symbol) is \(other.extent) by \(other.source) and \(extent) by \(source)")
            }
            extents[symbol] = (extent, source)
        }
        for (symbol, extent) in dims.sorted(by: { $0.key < $1.key }) {
            guard known.contains(symbol) else {
                let names = known.isEmpty ? "all extents are numbers" : "the model has \(known.sorted().joined(separator: ", "))"
                throw DLCError("there is no dimension \(symbol) to settle; \(names)")
            }
            try settle(symbol, extent, "its own setting")
        }
        for (name, given) in fixedShapes.sorted(by: { $0.key < $1.key }) {
            guard let type = types.first(where: { $0.name == name })?.type else {
                let names = types.map { "\($0.name): \($0.type)" }.joined(separator: ", ")
                throw DLCError("there is no input \(name); the model has \(names.isEmpty ? "none" : names)")
            }
            if let constant = constants[name], constant.type != type.element {
                throw DLCError("input \(name) is \(type), the constant is \(constant.type)\(constant.shape)")
            }
            guard type.container == nil else { throw DLCError("input \(name) is \(type), which has no one shape to settle") }
            guard given.count == type.rank else {
                throw DLCError("the shape \(given) of input \(name) has \(given.count) dimensions; the model has \(type)")
            }
            _ = try located("input \(name)") { try Checked.multiply(Checked.count(given), type.element.size) }
            for (dim, extent) in zip(type.shape, given) {
                if let symbol = dim.symbols.first, dim == Dim(symbol: symbol) { try settle(symbol, extent, "the shape of input \(name)") }
            }
        }
        let symbols = extents.mapValues { Dim($0.extent) }
        for (name, given) in fixedShapes.sorted(by: { $0.key < $1.key }) {
            guard let type = types.first(where: { $0.name == name })?.type else { continue }
            for (axis, (dim, extent)) in zip(type.shape, given).enumerated() {
                guard try dim.substituting(symbols).constant == extent else {
                    throw DLCError("the shape \(given) of input \(name) does not fit \(type): dimension \(axis) is \(dim)")
                }
            }
        }
        return symbols
    }

    private var fixedShapes: [String: [Int]] { shapes.merging(constants.mapValues(\.shape)) { _, constant in constant } }
}

extension Graph {
    /// The same computation for settled extents and inputs only; constants over which something is known at once are folded.
    /// - Throws: what `InputSettings.symbols(of:)` reports, or what inference reports for these extents.
    public func settling(_ settings: InputSettings, foldLimit: Int) throws -> Graph {
        if settings.isEmpty { return self }
        let symbols = try settings.symbols(of: inputs.map { ($0.name, type($0.value)) })
        let types = try inputs.map { port in
            let declared = type(port.value)
            return declared.with(try declared.shape.map { try $0.substituting(symbols) })
        }
        return try retyped(types, constants: settings.constants, foldLimit: foldLimit).withoutDeadNodes()
    }
}
