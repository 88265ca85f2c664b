/// What of a plan depends on shapes, as places in a table: found once per model, read at every binding.
struct PlanSizes: Sendable {
    struct Operand: Sendable {
        var shape: DimTable.Places
        var strides: DimTable.Places
        var offset: DimTable.Place
    }

    struct Step: Sendable {
        var operands: [Operand?]
        var results: [Operand?]
        var operations: DimTable.Place
        /// Results, by their index, that lie in the memory of an operand or of an earlier result.
        let overlaying: [Overlay]
        /// What a kernel's preparation depends on: the step is prepared alike wherever the values at these places are.
        var decisive: [DimTable.Place] = []

        /// - Parameter isStatic: whether all values are the same for all shapes, so that nobody asks what is decisive.
        init(_ step: Plan.Step, _ table: inout DimTable, isStatic: Bool = true) throws {
            func places(_ operands: [Plan.Operand?], _ table: inout DimTable) throws -> [Operand?] {
                var places: [Operand?] = []
                places.reserveCapacity(operands.count)
                for operand in operands {
                    guard let operand else {
                        places.append(nil)
                        continue
                    }
                    places.append(
                        Operand(
                            shape: try table.places(operand.shape), strides: try table.places(operand.strides),
                            offset: try table.place(operand.offset)))
                }
                return places
            }
            operands = try places(step.operands, &table)
            results = try places(step.results, &table)
            operations = try table.place(step.operations)
            overlaying = Overlay.all(of: step)
            if isStatic { return }
            var parameters = ParameterSizes()
            var kernel = step.kernel
            try kernel.visit(&parameters)
            var found = try Set([operations] + parameters.dims.map { try table.place($0) })
            for case let operand? in operands + results {
                found.formUnion(table.varying(operand.shape) + table.varying(operand.strides))
            }
            decisive = found.filter(table.varies).sorted()
        }
    }

    let table: DimTable
    let inputs: [DimTable.Places]
    let outputs: [DimTable.Places]
    let buffers: [DimTable.Place]
    let steps: [Step]

    init(_ plan: Plan) throws {
        var table = DimTable()
        inputs = try plan.inputs.map { try table.places($0.shape) }
        outputs = try plan.outputs.map { try table.places($0.shape) }
        buffers = try plan.buffers.map { try table.place($0.bytes) }
        let isStatic = plan.symbols.isEmpty
        steps = try plan.steps.map { try Step($0, &table, isStatic: isStatic) }
        self.table = table
    }
}

/// The dimensions of a plan for one set of shapes.
struct BoundSizes {
    private let table: DimTable
    private let values: [Int]
    private let bindings: [String: Int]

    init(_ table: DimTable, _ bindings: [String: Int]) {
        self.table = table
        values = table.evaluate(bindings)
        self.bindings = bindings
    }

    /// Whether the values at some places are known here and the same there.
    func agree(with other: BoundSizes, at places: [DimTable.Place]) -> Bool {
        places.allSatisfy { values[Int($0)] == other.values[Int($0)] && values[Int($0)] != DimTable.none }
    }

    /// Bytes of the values.
    var byteCount: Int { values.count * MemoryLayout<Int>.stride }

    /// The value of a dimension, which may be negative.
    /// - Parameters:
    ///   - dim: the dimension at the place, for messages.
    /// - Throws: where it overflows or depends on what no input determines.
    func value(_ place: DimTable.Place, _ dim: Dim) throws -> Int {
        let value = values[Int(place)]
        return value == DimTable.none ? try dim.evaluate(bindings) : value
    }

    /// The value of a dimension wherever it stands.
    /// - Throws: as above.
    func value(_ dim: Dim) throws -> Int {
        if let constant = dim.constant { return constant }
        return try table.known(dim).map { try value($0, dim) } ?? dim.evaluate(bindings)
    }

    /// - Throws: where it is negative too.
    func extent(_ place: DimTable.Place, _ dim: Dim) throws -> Int {
        let value = try value(place, dim)
        guard value >= 0 else { throw DLCError("size \(dim) is \(value) for these inputs") }
        return value
    }

    func extents(_ places: DimTable.Places, _ dims: Shape) throws -> [Int] {
        var extents: [Int] = []
        extents.reserveCapacity(dims.count)
        for index in places.indices { extents.append(try extent(places[index], dims[index])) }
        return extents
    }

    func values(_ places: DimTable.Places, _ dims: [Dim]) throws -> [Int] {
        var values: [Int] = []
        values.reserveCapacity(dims.count)
        for index in places.indices { values.append(try value(places[index], dims[index])) }
        return values
    }
}

/// The symbolic sizes among kernels' parameters.
private struct ParameterSizes: FieldVisitor {
    private(set) var dims: [Dim] = []

    mutating func flag(_ name: String, _ value: inout Bool) {}
    mutating func integer(_ name: String, _ value: inout Int) {}
    mutating func number(_ name: String, _ value: inout Double) {}
    mutating func size(_ name: String, _ value: inout Dim) { if value.constant == nil { dims.append(value) } }
    mutating func choice<C: KernelChoice>(_ name: String, _ value: inout C) {}
    mutating func list<E: Field>(_ name: String, _ values: inout [E]) throws {
        for index in values.indices { try self(name, &values[index]) }
    }
    mutating func group<G: FieldGroup>(_ name: String, _ value: inout G) throws { try value.visit(&self) }
}
