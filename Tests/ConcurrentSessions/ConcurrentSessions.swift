import DLCRuntime

/// Sessions of many tasks that share one compiled model must give what one alone with one thread gives. `Tools/test` runs this over
/// plans under the thread sanitizer, which so compiles the runtime only:
///
///     ConcurrentSessions PLAN ...
@main
enum ConcurrentSessions {
    static func main() async throws {
        for path in CommandLine.arguments.dropFirst() {
            try await check(CompiledModel(contentsOf: path))
            print("ok   \(path)")
        }
    }

    /// - Throws: where outputs or states of a session differ, after some runs at several numbers of threads, or again after a reset.
    static func check(_ model: CompiledModel, tasks: Int = 8, runs: Int = 10) async throws {
        var inputs: [String: Tensor] = [:]
        for (index, port) in model.inputs.enumerated() {
            guard let shape = port.shape.constants else { throw DLCError("the extents of input \(port.name) are open") }
            inputs[port.name] = try Tensor.random(seed: UInt64(index), type: port.type, shape: shape)
        }
        let given = inputs
        let expected = try results(of: Session(model, threads: 1), given, runs) { _ in 1 }
        try await withThrowingTaskGroup(of: [[String: Tensor]].self) { group in
            for task in 0..<tasks {
                group.addTask {
                    let session = try Session(model, threads: 1 + task % 3)
                    let first = try results(of: session, given, runs) { 1 + $0 % session.threads }
                    session.resetState()
                    return [first, try results(of: session, given, runs) { _ in session.threads }]
                }
            }
            for try await results in group {
                for name in expected.keys.sorted() where results.contains(where: { $0[name] != expected[name] }) {
                    throw DLCError("\(name) is another than in a session alone")
                }
            }
        }
    }

    /// The outputs of the last of some runs, and the states behind it.
    private static func results(
        of session: Session, _ inputs: [String: Tensor], _ runs: Int, threads: (Int) -> Int
    ) throws -> [String: Tensor] {
        var results: [String: Tensor] = [:]
        for run in 0..<runs { results = try session.run(inputs, threads: threads(run)) }
        for state in session.model.states { results["state \(state.name)"] = try session.state(state.name) }
        return results
    }
}
