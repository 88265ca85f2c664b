import DLCGraph

/// Builds a model from its syntax tree: evaluates expressions, unrolls loops, calls the builder.
///
/// Mistakes are gathered. A value that could not be made is `BuildValue.invalid`, and what follows from it is silent, so
/// that every message is about a mistake of its own.
final class Elaborator {
    /// What no network that people write reaches; beyond it a file is refused rather than the machine used up.
    struct Budget {
        /// Statements and expressions evaluated.
        var steps = 500_000
        /// Nodes of the graph.
        var nodes = 200_000
        /// Calls of blocks within one another.
        var calls = 32
        /// Expressions and statements within one another, over all calls.
        var nesting = 700
        var errors = 50
        /// Steps behind the first mistake, in which others are looked for.
        var stepsAfterMistake = 20_000
        /// Steps that a mistake counts for which is met again, as in the rounds of a loop: looking for what was meant takes longer
        /// than most statements.
        var stepsOfMistake = 20
    }

    let builder: ModelBuilder
    let budget: Budget
    private(set) var errors: [Diagnostic] = []
    /// How often a mistake was met, one that is reported already included.
    private(set) var mistakes = 0
    var frames: [Frame] = []
    /// Where each request of a training stands, and each of its arguments.
    var requests: [Int: Request] = [:]
    /// Where layers were applied, by their paths, for what is found later.
    var places: [String: SourceRange] = [:]
    var metadata = Metadata()
    /// Where the training's `predict` stands.
    var prediction: SourceRange?
    /// Calls of `gradient` so far.
    var gradientCount = 0
    /// Where nodes that belong to no layer stand, by their indexes.
    var nodePlaces: [Int: SourceRange] = [:]
    /// The blocks that were called.
    var entered: Set<ObjectIdentifier> = []
    private var steps = 0
    /// Beyond so many steps nothing more is evaluated.
    private var stepLimit: Int
    private var nesting = 0
    /// Set where a budget is used up: nothing more is evaluated.
    private(set) var isStopped = false

    init(_ builder: ModelBuilder, budget: Budget = Budget()) {
        self.builder = builder
        self.budget = budget
        stepLimit = budget.steps
    }

    /// The frame of the body that is being built.
    var frame: Frame {
        get { frames[frames.count - 1] }
        set { frames[frames.count - 1] = newValue }
    }

    // MARK: Mistakes

    /// Notes a mistake, with the calls that led to it. A place is reported once, however often it is evaluated.
    func report(_ message: String, at range: SourceRange, help: String? = nil, notes: [Diagnostic.Note] = []) {
        mistakes += 1
        guard !isStopped else { return }
        if errors.contains(where: { $0.range.start == range.start && $0.range.file === range.file }) {
            steps += budget.stepsOfMistake
            if steps > stepLimit { isStopped = true }
            return
        }
        let calls = frames.reversed().compactMap { frame in
            frame.call.map { Diagnostic.Note("in the block `\(frame.block.name)` called here", at: $0) }
        }
        if errors.isEmpty { stepLimit = min(stepLimit, steps + budget.stepsAfterMistake) }
        errors.append(Diagnostic(message, at: range, help: help, notes: notes + calls.prefix(3)))
        if errors.count >= budget.errors { isStopped = true }
    }

    /// Notes what `body` throws at a place; the value is then `invalid`.
    func reporting(at range: SourceRange, _ body: () throws -> BuildValue) -> BuildValue {
        do {
            return try body()
        } catch let error as Diagnostic {
            report(error.message, at: error.range, help: error.help, notes: error.notes)
        } catch let error as DLCError {
            report(Self.text(error), at: range)
        } catch {
            report("\(error)", at: range)
        }
        return .invalid
    }

    /// What `body` gives, or nil where it meets a mistake, of which nothing is said.
    func attempt(_ body: () -> BuildValue) -> BuildValue? {
        let before = (errors: errors, mistakes: mistakes, stepLimit: stepLimit, isStopped: isStopped)
        let value = body()
        guard mistakes > before.mistakes else { return value }
        (errors, mistakes, stepLimit, isStopped) = before
        return nil
    }

    /// The error with each place once: a layer's operators have the layer's name.
    private static func text(_ error: DLCError) -> String {
        var path: [String] = []
        var names: Set<Substring> = []
        let places = error.path.map { place in
            let words = place.split(separator: " ")
            return words.count == 2 && words[0] == words[1] ? String(words[0]) : place
        }
        for place in places where names.insert(place.split(separator: " ").last ?? "").inserted { path.append(place) }
        return DLCError(error.message, at: path).description
    }

    private func stop(_ message: String, at range: SourceRange, help: String) {
        report(message, at: range, help: help)
        isStopped = true
    }

    private func countStep(at range: SourceRange) {
        steps += 1
        guard steps > stepLimit else { return }
        if errors.isEmpty {
            stop("the model takes more than \(budget.steps) steps to build", at: range, help: "is a loop longer than it should be?")
        } else {
            isStopped = true
        }
    }

    /// Builds one round of a loop, which counts as a step where there is nothing in it to evaluate.
    func countedRound(at range: SourceRange, _ body: () -> Void) {
        let before = steps
        body()
        if steps == before { countStep(at: range) }
    }

    /// Evaluates one statement or expression within the budget.
    func counted(at range: SourceRange, _ body: () -> BuildValue) -> BuildValue {
        if isStopped { return .invalid }
        nesting += 1
        defer { nesting -= 1 }
        countStep(at: range)
        if nesting > budget.nesting {
            stop(
                "blocks and expressions are nested more than \(budget.nesting) deep", at: range,
                help: "give parts of them names of their own")
        } else if builder.nodeCount > budget.nodes {
            stop("the model has more than \(budget.nodes) operators", at: range, help: "is a loop longer than it should be?")
        }
        return isStopped ? .invalid : body()
    }

    // MARK: Names

    /// The help for a name that is nothing.
    func suggestion(for name: String, among candidates: [String]) -> String? {
        nearestName(to: name, among: candidates.sorted()).map { "did you mean `\($0)`?" }
    }
}
