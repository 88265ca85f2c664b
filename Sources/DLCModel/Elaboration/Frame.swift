/// The body of a block or model while it is built: its names, and how it was reached.
struct Frame {
    let block: Block
    /// Where it is called; nil for the model.
    let call: SourceRange?
    /// The names of each open pair of braces, innermost last.
    private(set) var scopes: [[String: BuildValue]] = [[:]]
    /// Names of braces that are closed, which are known no longer.
    private(set) var ended: Set<String> = []
    /// The states declared here by their names, and whether each has its next value.
    var states: [String: State] = [:]
    /// The shared block that this is an application of, or that it is called within.
    let shared: BlockInstance?
    /// What `return` gave, and where each of its values stands.
    var result: BuildValue?
    var resultRanges: [SourceRange] = []

    struct State {
        /// The name in the graph.
        var fullName: String
        var range: SourceRange
        var isSet = false
    }

    init(_ block: Block, call: SourceRange?, shared: BlockInstance?) {
        self.block = block
        self.call = call
        self.shared = shared
    }

    subscript(_ name: String) -> BuildValue? {
        for scope in scopes.reversed() { if let value = scope[name] { return value } }
        return nil
    }

    /// Gives a name its value: in the braces that know it, or else the innermost.
    mutating func assign(_ name: String, _ value: BuildValue) {
        let index = scopes.lastIndex { $0[name] != nil } ?? scopes.count - 1
        scopes[index][name] = value
    }

    /// A name of the innermost braces, whatever it is outside.
    mutating func declare(_ name: String, _ value: BuildValue) { scopes[scopes.count - 1][name] = value }

    mutating func openScope() { scopes.append([:]) }
    mutating func closeScope() { ended.formUnion(scopes.removeLast().keys) }

    var names: [String] { scopes.flatMap(\.keys) }
}
