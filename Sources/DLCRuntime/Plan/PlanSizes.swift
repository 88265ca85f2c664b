/// What of a plan depends on shapes, as places in a table: found once per model, read at every binding.
struct PlanSizes: Sendable {
    struct Operand: Sendable {
        var shape: [DimTable.Place]
        var strides: [DimTable.Place]
        var offset: DimTable.Place
    }

    struct Step: Sendable {
        var operands: [Operand?]
        var results: [Operand?]
        var integers: [DimTable.Place]
        var operations: DimTable.Place
    }

    let table: DimTable
    let inputs: [[DimTable.Place]]
    let outputs: [[DimTable.Place]]
    let buffers: [DimTable.Place]
    let steps: [Step]

    init(_ plan: Plan) throws {
        var table = DimTable()
        inputs = try plan.inputs.map { try $0.shape.map { try table.place($0) } }
        outputs = try plan.outputs.map { try $0.shape.map { try table.place($0) } }
        buffers = try plan.buffers.map { try table.place($0.bytes) }
        func operand(_ operand: Plan.Operand?) throws -> Operand? {
            try operand.map {
                Operand(
                    shape: try $0.shape.map { try table.place($0) }, strides: try $0.strides.map { try table.place($0) },
                    offset: try table.place($0.offset))
            }
        }
        steps = try plan.steps.map { step in
            Step(
                operands: try step.operands.map(operand), results: try step.results.map(operand),
                integers: try step.integers.map { try table.place($0) }, operations: try table.place(step.operations))
        }
        self.table = table
    }
}

/// The dimensions of a plan for one set of shapes.
struct BoundSizes {
    private let values: [Int]
    private let bindings: [String: Int]

    init(_ table: DimTable, _ bindings: [String: Int]) {
        values = table.evaluate(bindings)
        self.bindings = bindings
    }

    /// The value of a dimension, which may be negative.
    /// - Parameters:
    ///   - dim: the dimension at the place, for messages.
    /// - Throws: where it overflows or depends on what no input determines.
    func value(_ place: DimTable.Place, _ dim: Dim) throws -> Int {
        let value = values[Int(place)]
        return value == DimTable.none ? try dim.evaluate(bindings) : value
    }

    /// - Throws: where it is negative too.
    func extent(_ place: DimTable.Place, _ dim: Dim) throws -> Int {
        let value = try value(place, dim)
        guard value >= 0 else { throw DLCError("size \(dim) is \(value) for these inputs") }
        return value
    }

    func extents(_ places: [DimTable.Place], _ dims: Shape) throws -> [Int] {
        var extents: [Int] = []
        extents.reserveCapacity(places.count)
        for index in places.indices { extents.append(try extent(places[index], dims[index])) }
        return extents
    }

    func values(_ places: [DimTable.Place], _ dims: [Dim]) throws -> [Int] {
        var values: [Int] = []
        values.reserveCapacity(places.count)
        for index in places.indices { values.append(try value(places[index], dims[index])) }
        return values
    }
}
