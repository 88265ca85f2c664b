@_exported import DLCTensor

/// A compiled network: a flat list of kernel steps over buffers, ready for one processor family.
///
/// Sizes may be expressions over symbols; a call's input shapes bind them.
public struct Plan: Sendable {
    /// An input or output as the caller sees it.
    public struct Port: Sendable {
        public var name: String
        public var type: ElementType
        /// Extents, in the model's own layout.
        public var shape: Shape
        /// Extents as the model declares them, where constraints have settled symbols since.
        public var declared: Shape
        /// How it holds tensors where it is none itself; its shape is `[]` then.
        public var container: Container?
        /// Where the port's elements are, in row-major order.
        public var location: Location

        public init(
            name: String, type: ElementType, shape: Shape, declared: Shape? = nil, container: Container? = nil, location: Location
        ) {
            self.name = name
            self.type = type
            self.shape = shape
            self.declared = declared ?? shape
            self.container = container
            self.location = location
        }

        /// The type in words: `f32[N, 3]`, `sequence of f32[?, 3]`.
        public var typeText: String {
            container?.description(of: type) ?? "\(type)[\(shape.map(\.description).joined(separator: ", "))]"
        }
    }

    /// Memory that an operand lies in.
    public enum Location: Hashable, Sendable {
        /// A planned buffer of the arena.
        case buffer(Int)
        /// A constant of the file.
        case constant(Int)
        /// The caller's memory.
        case input(Int)
        /// What the session keeps of a state: as the run before left it until a step writes it, then its next value.
        case state(Int)
        /// A constant that is packed when the model is loaded.
        case packed(Int)
    }

    /// A tensor that the session keeps between runs, in row-major order. Steps read it and write its next value in place;
    /// from the first step on that writes a state, none can fail.
    public struct State: Sendable {
        public var name: String
        public var type: ElementType
        public var shape: [Int]
        /// The constant that it is before the first run: all of it, or one element that every element is.
        public var initial: Int

        public init(name: String, type: ElementType, shape: [Int], initial: Int) {
            self.name = name
            self.type = type
            self.shape = shape
            self.initial = initial
        }
    }

    /// A strided view of memory that a step reads or writes.
    public struct Operand: Sendable {
        public var location: Location
        public var type: ElementType
        public var shape: Shape
        /// Elements between neighbours along each dimension.
        public var strides: Shape
        /// The first element, counted in elements of `type`.
        public var offset: Dim

        public init(location: Location, type: ElementType, shape: Shape, strides: Shape, offset: Dim = 0) {
            self.location = location
            self.type = type
            self.shape = shape
            self.strides = strides
            self.offset = offset
        }

        /// Row-major strides of a shape.
        public static func rowMajor(_ shape: Shape) throws -> Shape {
            var strides = Shape(repeating: 1, count: shape.count)
            for axis in shape.indices.dropLast().reversed() {
                strides[axis] = try strides[axis + 1].times(shape[axis + 1])
            }
            return strides
        }
    }

    /// One kernel call.
    public struct Step: Sendable {
        /// The kernel with its parameters.
        package var kernel: any Kernel
        /// The layer it computes, for profiles and messages.
        public var name: String
        /// The operator in words, such as `conv + relu`.
        public var summary: String
        /// In the order that the kernel declares; nil for what is missing.
        public var operands: [Operand?]
        public var results: [Operand?]
        /// Multiply–adds counted as two, for profiles.
        public var operations: Dim
        /// Whether it computes what a step before it has computed, so that its results need not be kept between.
        public var isRepeated = false

        /// - Parameters:
        ///   - operands: those at the end that are missing may be left out.
        package init(
            kernel: any Kernel, name: String, summary: String, operands: [Operand?], results: [Operand?], operations: Dim = 0
        ) {
            self.kernel = kernel
            self.name = name
            self.summary = summary
            self.operands = operands
            self.results = results
            self.operations = operations
            while self.operands.count < definition.requiredPlaces(definition.operands) { self.operands.append(nil) }
            while self.results.count < definition.requiredPlaces(definition.results) { self.results.append(nil) }
        }

        /// What the step's kernel declares.
        package var definition: KernelDefinition { type(of: kernel).definition }
        package var kernelName: String { type(of: kernel).name }

        /// An operand or a result by the name that the kernel declares.
        package subscript(_ name: String) -> Operand? {
            if let index = definition.operands.firstIndex(where: { $0.name == name }) {
                return index < operands.count ? operands[index] : nil
            }
            return definition.results.firstIndex { $0.name == name }.flatMap { $0 < results.count ? results[$0] : nil }
        }

        /// Whether it leaves the next value of a state, or a part of it.
        public var writesState: Bool {
            results.contains { if case .state? = $0?.location { true } else { false } }
        }
    }

    /// A piece of the arena.
    public struct Buffer: Sendable {
        public var bytes: Dim
        /// The first and the last step during which its bytes must be kept.
        public var firstStep: Int
        public var lastStep: Int

        public init(bytes: Dim, firstStep: Int, lastStep: Int) {
            self.bytes = bytes
            self.firstStep = firstStep
            self.lastStep = lastStep
        }
    }

    /// A constant's place in the file.
    public struct Constant: Sendable {
        public var offset: Int
        /// As steps read it.
        public var bytes: Int
        /// Where it holds strings, the bytes of their table in the file (`StringTable`); else 0.
        public var strings = 0

        var bytesInFile: Int { strings > 0 ? strings : bytes }
    }

    public var name: String
    public var target: Target
    public var inputs: [Port] = []
    public var outputs: [Port] = []
    public var states: [State] = []
    public var buffers: [Buffer] = []
    public var constants: [Constant] = []
    /// Steps that run once for a loaded model, before the first run of any session. Each packs constants whose packed form
    /// would make the file too large; the result of step `i` is `Location.packed(i)`.
    public var packings: [Step] = []
    public var steps: [Step] = []
    /// What the operators need of extents, checked when the symbols are bound.
    public var constraints: [Constraint] = []
    /// Symbols that constraints replaced while the plan was made.
    public var settled: [SettledSymbol] = []
    /// Free text that travels with the model, such as class labels.
    public var metadata: [String: String] = [:]
    /// Further programs over the same constants, by their names, such as a training's evaluation. States of one name are one
    /// state. They have no programs of their own.
    public var programs: [Plan] = []
    /// Where the data decide extents or what runs: in which order programs run in place of steps. Outputs then lie in slots.
    public var schedule: Schedule?

    public init(name: String, target: Target) {
        self.name = name
        self.target = target
    }

    /// The first step that writes a state: all that can fail has run before it. The number of steps where none does.
    public var firstCommit: Int { steps.firstIndex { $0.writesState } ?? steps.count }

    /// Bytes of what `packings[index]` leaves in memory.
    public func packedBytes(_ index: Int) -> Int { packings[index].results.first.flatMap { $0?.shape.constants?.first } ?? 0 }

    /// Whether numbers below the normal ones count as zeros, as metadata `denormals: flush` asks: a training's steps would take
    /// many times as long over gradients that vanish.
    public var flushesDenormals: Bool { metadata["denormals"] == "flush" }

    /// How the shapes of a call bind the symbols.
    public var binding: ShapeBinding {
        ShapeBinding(
            inputs: inputs.map { ShapeBinding.Input(name: $0.name, shape: $0.shape, declared: $0.declared) }, constraints: constraints,
            settled: settled)
    }

    /// The symbols of the inputs' shapes.
    public var symbols: [String] {
        Set(inputs.flatMap { $0.shape.flatMap { $0.symbols } }).sorted()
    }
}
