import DLCGraph

/// What one `minimize` asks for.
public struct Minimisation {
    public var optimiser: any Optimiser
    /// Patterns of the parameters that are moved; nil for all that the loss depends on.
    public var over: [String]?
    public var clip: (any Clipping)?
    /// Over how many runs gradients are averaged before an update.
    public var accumulate = 1
    /// The average of the weights that evaluation takes.
    public var average: (any WeightAverage)?
    /// Patterns of the parameters that weight decay pulls at; nil for all.
    public var decay: [String]?
    /// Told from others in the names of its states: `training.rate.NAME`.
    public var name: String?

    public init(by optimiser: any Optimiser) { self.optimiser = optimiser }
}

/// What a training asks for beside its model, in the order of the text.
struct TrainingRequests {
    struct Minimised {
        var loss: TensorValue
        var request: Minimisation
        var id: Int
    }

    struct Followed {
        var target: String
        var of: String
        var every: Int
        var rate: Double
        var id: Int
    }

    struct Pattern {
        var pattern: NamePattern
        var text: String
        var factor = 1.0
        var id: Int
    }

    var minimised: [Minimised] = []
    var followed: [Followed] = []
    var frozen: [Pattern] = []
    var rates: [Pattern] = []
    /// Requests of any kind so far.
    var count = 0
    /// States that begin as a parameter.
    var copies: [String: String] = [:]
    /// The next values of running statistics, by name.
    var statistics: [String: TensorValue] = [:]
    /// How many places draw.
    var streams = 0
    var key: TensorValue?
    var isSettled = false
    /// The rate of each `minimize` in the run at hand, where it is no input.
    var ratesInEffect: [Scalar] = []
    /// By name, once all is settled.
    var trained: [String] = []
    var averages: Set<String> = []
    /// States that hold base rates.
    var rateStates: [String] = []
    /// Which request a node that asks for gradients is of, by its name.
    var gradients: [String: Int] = [:]

    /// Whether a parameter is kept as it is.
    func keeps(_ name: String) -> Bool {
        frozen.contains { $0.pattern.covers(name) } || followed.contains { NamePattern($0.target).covers(name) }
    }
}

/// What cannot be in a training's requests.
public struct TrainingProblem: Sendable {
    public var message: String
    public var help: String?
    /// Which request, counted over all of the training.
    var request: Int
    /// Its argument, such as `over`.
    var option: String?
    /// Another request that the first cannot stand beside.
    var other: Int?
}

/// All such problems.
public struct TrainingProblems: Error, CustomStringConvertible, Sendable {
    public var problems: [TrainingProblem]

    public var description: String { problems.map { $0.message + ($0.help.map { "; \($0)" } ?? "") }.joined(separator: "\n") }
}
