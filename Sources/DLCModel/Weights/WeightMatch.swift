import DLCTensor

/// Which tensor of a file each parameter of a model takes: the one of its name.
struct WeightMatch: Sendable {
    /// A tensor of the file under the name that renames gave it.
    struct Candidate: Sendable {
        var name: String
        var index: Int
        var entry: WeightFile.Entry
    }

    private let file: WeightFile
    private let taken: [String: Candidate]
    /// Tensors that are no parameter's, by name.
    let unused: [Candidate]
    /// Renames that match nothing in the file.
    let idle: [WeightRename]

    /// - Throws: `WeightMismatch` with every parameter that has no tensor or one of another shape or type; `DLCError`
    ///   where two tensors get one name.
    ///   - drawn: parameters that the file need not give.
    init(_ model: Model, _ file: WeightFile, _ renames: [WeightRename], drawn: [NamePattern]) throws {
        self.file = file
        let (candidates, idle) = try Self.renamed(file, renames)
        var taken: [String: Candidate] = [:]
        var missing: [ModelParameter] = []
        var misshapen: [(ModelParameter, Candidate)] = []
        for parameter in model.parameters where !drawn.contains(where: { $0.covers(parameter.name) }) {
            guard
                let candidate = candidates[model.source(of: parameter)] ?? candidates[parameter.name]
                    ?? parameter.source.flatMap({ candidates[$0] })
            else {
                missing.append(parameter)
                continue
            }
            taken[parameter.name] = candidate
            if !Self.fits(candidate.entry, parameter) { misshapen.append((parameter, candidate)) }
        }
        unused = candidates.values.filter { taken[$0.name] == nil && !model.others.contains($0.name) && !Self.isKnownBuffer($0) }.sorted {
            $0.name < $1.name
        }
        self.idle = idle
        self.taken = taken
        if !missing.isEmpty || !misshapen.isEmpty {
            throw WeightMismatch(
                file: file.path, model: model.graph.name, missing: missing.sorted { $0.name < $1.name },
                misshapen: misshapen.sorted { $0.0.name < $1.0.name }, unused: unused, idle: idle)
        }
    }

    /// Whether the file gives the parameter.
    func gives(_ parameter: ModelParameter) -> Bool { taken[parameter.name] != nil }

    /// The parameter's tensor, converted to its type.
    func tensor(for parameter: ModelParameter) throws -> Tensor {
        guard let candidate = taken[parameter.name] else { throw DLCError("parameter \(parameter.name) has no tensor", at: [file.path]) }
        return try file.tensor(at: candidate.index).converted(to: parameter.type)
    }

    private static func renamed(_ file: WeightFile, _ renames: [WeightRename]) throws -> (byName: [String: Candidate], idle: [WeightRename])
    {
        var byName: [String: Candidate] = [:]
        var used = [Bool](repeating: false, count: renames.count)
        nextEntry: for (index, entry) in file.entries.enumerated() {
            var name = entry.name
            for (number, rename) in renames.enumerated() {
                let result = rename.apply(to: name)
                if result != .unmatched { used[number] = true }
                if result == .leftOut { continue nextEntry }
                if case .renamed(let new) = result { name = new }
            }
            if let other = byName.updateValue(Candidate(name: name, index: index, entry: entry), forKey: name) {
                throw DLCError(
                    "\(other.entry.name.printable()) and \(entry.name.printable()) both become \(name.printable()) by --rename",
                    at: [file.path])
            }
        }
        return (byName, zip(renames, used).filter { !$0.1 }.map(\.0))
    }

    /// Half precision is widened, which loses nothing; any other type is another checkpoint's.
    private static func fits(_ entry: WeightFile.Entry, _ parameter: ModelParameter) -> Bool {
        let isHalf = entry.type == .float16 || entry.type == .bfloat16
        let isWide = parameter.type == .float32 || parameter.type == .float64
        return entry.shape == parameter.shape && (entry.type == parameter.type || isHalf && isWide)
    }

    /// Whether PyTorch stores the tensor beside the parameters although inference has no use for it: counters of batch
    /// norm, tables of positions, and GPT-2's causal masks (`attn.bias`, `[1, 1, T, T]`).
    private static func isKnownBuffer(_ candidate: Candidate) -> Bool {
        let parts = candidate.name.split(separator: ".")
        switch parts.last {
        case "num_batches_tracked", "position_ids", "masked_bias": return true
        case "bias":
            let shape = candidate.entry.shape
            return parts.dropLast().last == "attn" && shape.count == 4 && shape[0] == 1 && shape[1] == 1 && shape[2] == shape[3]
        default: return false
        }
    }
}

extension Model {
    /// The graph with the parameters that a file gives: see `weights(from:)`.
    public func graph(weights file: WeightFile, renames: [WeightRename] = [], warn: (String) -> Void = { _ in }) throws -> Graph {
        try graph(values: weights(from: file, renames: renames, warn: warn))
    }

    /// Gives each parameter the tensor of its name in a file, half-precision floats widened to the parameter's type.
    ///
    /// What is not widened lies in the file, which must not change while the tensors live.
    /// - Parameters:
    ///   - renames: applied to the file's names in order, each to what the one before made.
    ///   - drawn: patterns of parameters that are drawn instead, as for a new head of a network that is learned on.
    ///   - seed: of the draws.
    ///   - warn: called with one report of what in the file is not used, where there is anything; constants among the weights
    ///     of an ONNX file are not told from weights, and nothing is said of them.
    /// - Throws: `WeightMismatch` with all parameters that the file does not give; where a pattern is no parameter's.
    public func weights(
        from file: WeightFile, renames: [WeightRename] = [], drawn: [String] = [], seed: UInt64 = 0, warn: (String) -> Void = { _ in }
    ) throws -> @Sendable (ModelParameter) throws -> Tensor {
        let patterns = drawn.map { NamePattern($0) }
        for (text, pattern) in zip(drawn, patterns) where !parameters.contains(where: { pattern.covers($0.name) }) {
            throw DLCError("no parameter of \(graph.name) is named \(text.printable()), to be drawn")
        }
        let match = try WeightMatch(self, file, renames, drawn: patterns)
        let draw = self.drawn(seed: seed)
        let unused = file.holdsConstants ? [] : match.unused
        if let report = WeightMismatch.unusedReport(file.path, unused, match.idle) { warn(report) }
        return { try match.gives($0) ? match.tensor(for: $0) : draw($0) }
    }
}
