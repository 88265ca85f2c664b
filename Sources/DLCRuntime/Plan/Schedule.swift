import DLCTensor

/// The order in which the programs of a plan run whose extents, or whether they run at all, the data decide.
///
/// Every piece is a program of the plan, an ordinary list of steps over extents that are known when it begins. Between pieces,
/// values lie in slots, and numbers that pieces take as extents in symbols. A value of a block is read in the same run of the
/// block that made it; blocks inside others see what lies around them.
public struct Schedule: Sendable, FieldGroup {
    /// What an item does. Slots of operands and results are in the order that is given here.
    package struct Kind: KernelChoice {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Runs program `parameters[0]`: its inputs; its outputs. Where there are symbols, a further input `bool[0, …]` has them
        /// as its extents.
        package static let piece = Kind(rawValue: 0)
        /// The numbers of a small tensor as extents (`[signed]`): x; x, and a tensor `[0, …]` of no elements.
        package static let numbers = Kind(rawValue: 1)
        /// x; places `[rank, count]`.
        package static let nonZero = Kind(rawValue: 2)
        /// x, condition; what is kept along an axis (`[axis]`), or of all elements (`[]`).
        package static let compress = Kind(rawValue: 3)
        /// x; x, whose extents are known then.
        package static let measure = Kind(rawValue: 8)
        /// start, limit, delta; the numbers.
        package static let range = Kind(rawValue: 4)
        /// x; values, first places, places of each in the values, counts (`[sorted]` or `[sorted, axis]`).
        package static let unique = Kind(rawValue: 5)
        /// condition; the results of its first block where it is true, else of its second.
        package static let branch = Kind(rawValue: 6)
        /// count?, condition?, initial values; last values, stacked rows. The block's entries are the iteration, the condition and
        /// the values carried, its results the condition, the next values and the rows. `[carried, element types of rows…]`.
        package static let loop = Kind(rawValue: 7)
        /// What a function of strings takes and gives (`TextFunction`): `[function, numbers…, places of texts among the names…]`.
        package static let text = Kind(rawValue: 9)
        /// A picture's file, u8 `[N]`; its pixels (`[format]`, `PictureDecoding.Format`).
        package static let picture = Kind(rawValue: 10)

        /// x…; a sequence of them.
        package static let sequence = Kind(rawValue: 16)
        /// sequence, position; a tensor.
        package static let sequenceAt = Kind(rawValue: 17)
        /// sequence, x, position?; the sequence with x.
        package static let sequenceInsert = Kind(rawValue: 18)
        /// sequence, position?; the sequence without a tensor.
        package static let sequenceErase = Kind(rawValue: 19)
        /// sequence; its length.
        package static let sequenceLength = Kind(rawValue: 20)
        /// x, split?; the parts (`[axis, keeps the axis]`).
        package static let splitToSequence = Kind(rawValue: 21)
        /// sequence; its tensors joined (`[axis, is a new axis]`).
        package static let concatFromSequence = Kind(rawValue: 22)
        /// x?; an optional that holds it, or nothing.
        package static let optional = Kind(rawValue: 23)
        /// optional; whether it holds something.
        package static let hasElement = Kind(rawValue: 24)
        /// optional; what it holds.
        package static let getElement = Kind(rawValue: 25)

        /// Whether sequences and optionals are read or made.
        var isOfSequences: Bool { rawValue >= Kind.sequence.rawValue }

        package static let choices: ChoiceTable<Kind> = [
            piece: "piece", numbers: "numbers", nonZero: "non_zero", compress: "compress", range: "range", unique: "unique",
            branch: "if", loop: "loop", measure: "measure", text: "strings", picture: "picture", sequence: "sequence", sequenceAt: "sequence_at",
            sequenceInsert: "sequence_insert", sequenceErase: "sequence_erase", sequenceLength: "sequence_length",
            splitToSequence: "split_to_sequence", concatFromSequence: "concat_from_sequence", optional: "optional",
            hasElement: "optional_has_element", getElement: "optional_get_element",
        ]
    }

    /// A symbol that is an extent of a value.
    package struct Binding: FieldGroup {
        package var symbol = 0
        package var slot = 0
        package var axis = 0
        package init() {}

        package mutating func visit(_ fields: inout some FieldVisitor) throws {
            try fields("symbol", &symbol)
            try fields("slot", &slot)
            try fields("axis", &axis)
        }
    }

    /// One step of a block.
    package struct Item: FieldGroup {
        package var kind = Kind.piece
        /// What messages call it, an index of `names`.
        package var name = 0
        /// Slots; −1 for what is left out.
        package var operands: [Int] = []
        package var results: [Int] = []
        package var parameters: [Int] = []
        /// Symbols that a piece takes.
        package var symbols: [Int] = []
        /// Extents of results that are known from here on.
        package var bindings: [Binding] = []
        /// Blocks that it runs, each after the block that holds the item.
        package var blocks: [Int] = []
        /// Extents of a loop's rows, for where there are none.
        package var shapes: [[Dim]] = []
        package init() {}

        package mutating func visit(_ fields: inout some FieldVisitor) throws {
            try fields("kind", &kind)
            try fields("name", &name)
            try fields("operands", &operands)
            try fields("results", &results)
            try fields("parameters", &parameters)
            try fields("symbols", &symbols)
            try fields("bindings", &bindings)
            try fields("blocks", &blocks)
            try fields("shapes", &shapes)
        }
    }

    /// Items that run one after another.
    package struct Block: FieldGroup {
        /// Slots that whoever runs it fills.
        package var entries: [Int] = []
        package var bindings: [Binding] = []
        package var items: [Item] = []
        package var results: [Int] = []
        package init() {}

        package mutating func visit(_ fields: inout some FieldVisitor) throws {
            try fields("entries", &entries)
            try fields("bindings", &bindings)
            try fields("items", &items)
            try fields("results", &results)
        }
    }

    /// How many slots there are; inputs have the first, then states.
    package var slots = 0
    /// The first is the whole; its results are the outputs, then the next values of states.
    package var blocks: [Block] = []
    package var symbols: [String] = []
    package var names: [String] = []

    package init() {}

    /// Names and symbols are text and are not visited.
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("slots", &slots)
        try fields("blocks", &blocks)
    }

    /// The most blocks inside each other.
    static let depthLimit = 64
}

extension Schedule {
    /// Checks that every reference stays inside, and that each program and each block has one user.
    /// - Throws: the first that does not, naming the item.
    func validate(_ plan: Plan) throws {
        func check(_ index: Int, below limit: Int, _ what: String) throws {
            guard index >= 0, index < limit else { throw DLCError("the schedule speaks of \(what) \(index) of \(limit)") }
        }
        let given = plan.inputs.count + plan.states.count
        guard slots >= given, slots <= 1 << 24, let main = blocks.first, main.results.count == plan.outputs.count + plan.states.count else {
            throw DLCError("the schedule has \(slots) slots and \(blocks.count) blocks, which do not hold the inputs, outputs and states")
        }
        let uses = blocks.reduce(0) { sum, block in
            block.items.reduce(sum + block.entries.count) { $0 + $1.operands.count + $1.results.count }
        }
        guard slots <= given + uses else {
            throw DLCError("the schedule has \(slots) slots, of which items use \(uses)")
        }
        guard plan.steps.isEmpty, plan.programs.allSatisfy({ $0.states.isEmpty && $0.schedule == nil }) else {
            throw DLCError("a plan with a schedule has no steps of its own, and its programs no states")
        }
        var programs: Set<Int> = []
        var depths = [Int?](repeating: nil, count: blocks.count)
        depths[0] = 0
        for (place, block) in blocks.enumerated() {
            guard let depth = depths[place], depth <= Self.depthLimit else {
                throw DLCError("block \(place) is run by nobody, or lies too deep")
            }
            for slot in block.entries + block.results { try check(slot, below: slots, "slot") }
            for binding in block.bindings + block.items.flatMap(\.bindings) {
                try check(binding.symbol, below: symbols.count, "symbol")
                try check(binding.slot, below: slots, "slot")
                try check(binding.axis, below: 1 << 8, "axis")
            }
            for item in block.items {
                try check(item.name, below: names.count, "name")
                try located(names[item.name].printable()) {
                    for slot in item.operands where slot != -1 { try check(slot, below: slots, "slot") }
                    for slot in item.results where slot != -1 { try check(slot, below: slots, "slot") }
                    for symbol in item.symbols { try check(symbol, below: symbols.count, "symbol") }
                    for child in item.blocks {
                        try check(child, below: blocks.count, "block")
                        guard child > place, depths[child] == nil else {
                            throw DLCError("block \(child) is run twice, or by one that it runs")
                        }
                        depths[child] = depth + 1
                    }
                    try validate(item, plan, &programs)
                }
            }
        }
    }

    /// Checks that an item has what its kind needs.
    private func validate(_ item: Item, _ plan: Plan, _ programs: inout Set<Int>) throws {
        let (operands, results, parameters) = (item.operands.count, item.results.count, item.parameters.count)
        let fits: Bool
        switch item.kind {
        case .piece:
            guard parameters == 1, plan.programs.indices.contains(item.parameters[0]), programs.insert(item.parameters[0]).inserted else {
                throw DLCError("runs a program that is not there, or that another item runs")
            }
            let program = plan.programs[item.parameters[0]]
            fits = program.inputs.count == operands + (item.symbols.isEmpty ? 0 : 1) && program.outputs.count == results
        case .numbers: fits = operands == 1 && results == 2 && parameters == 1
        case .measure: fits = operands == 1 && results == 1 && parameters == 0
        case .nonZero: fits = operands == 1 && results == 1 && parameters == 0
        case .compress: fits = operands == 2 && results == 1 && parameters <= 1
        case .range: fits = operands == 3 && results == 1
        case .unique: fits = operands == 1 && results == 4 && (1...2).contains(parameters)
        case .sequence: fits = results == 1 && parameters == 0
        case .sequenceAt: fits = operands == 2 && results == 1 && parameters == 0
        case .sequenceInsert: fits = (2...3).contains(operands) && results == 1 && parameters == 0
        case .sequenceErase: fits = (1...2).contains(operands) && results == 1 && parameters == 0
        case .sequenceLength, .hasElement, .getElement: fits = operands == 1 && results == 1 && parameters == 0
        case .splitToSequence: fits = (1...2).contains(operands) && results == 1 && parameters == 2
        case .concatFromSequence: fits = operands == 1 && results == 1 && parameters == 2
        case .optional: fits = operands <= 1 && results == 1 && parameters == 0
        case .branch:
            fits =
                operands == 1 && item.blocks.count == 2
                && item.blocks.allSatisfy { blocks[$0].results.count >= results && blocks[$0].entries.isEmpty }
        case .loop:
            let carried = item.parameters.first ?? -1
            guard item.blocks.count == 1, carried >= 0, carried <= operands - 2, results >= carried else { throw DLCError("is no loop") }
            let (block, rows) = (blocks[item.blocks[0]], results - carried)
            fits =
                operands == carried + 2 && block.entries.count == carried + 2 && block.results.count == 1 + results
                && item.shapes.count == rows && parameters == 1 + rows && item.results.allSatisfy { $0 >= 0 }
                && item.parameters.dropFirst().allSatisfy { UInt8(exactly: $0).flatMap(ElementType.init(rawValue:)) != nil }
        case .picture:
            fits = operands == 1 && results == 1 && parameters == 1 && PictureDecoding.Format(rawValue: item.parameters[0]) != nil
        case .text:
            _ = try TextCall(item, names: names)
            fits = item.operands.allSatisfy { $0 >= 0 }
        default: fits = false
        }
        guard fits else {
            throw DLCError("\(item.kind.choiceName ?? "an item") has \(operands) operands, \(results) results and \(parameters) parameters")
        }
    }
}
