import DLC
import Foundation

/// Everything that must hold of a case.
enum Check {
    /// The first thing that does not hold, or nil.
    /// - Throws: where the graph cannot be built.
    static func failure(_ test: FuzzCase) throws -> Failure? {
        let graph = try test.sketch.build()
        let oracle = test.runs.map { run in
            Result {
                do { return try StableOracle(graph, run, isExact: test.isExact) } catch {
                    // Of an empty input not every symbol is known; the session may take another number.
                    var other = run
                    let shapes = graph.inputs.map { run.inputs[$0.name]?.shape ?? [] }
                    other.bindings = (try? graph.binding.values(shapes)) ?? run.bindings
                    for constraint in graph.constraints where constraint.relation == .equal {
                        if let name = constraint.left.symbol, other.bindings[name] == nil {
                            other.bindings[name] = constraint.right.constant
                        }
                    }
                    guard run.bindings.contains(where: { other.bindings[$0.key] != $0.value }) else { throw error }
                    return try StableOracle(graph, other, isExact: test.isExact)
                }
            }
        }
        return firstOf([
            { structure(graph) },
            { compiled(graph, test, oracle) },
            { canonical(graph, test, oracle) },
            { onnx(graph, test, oracle) },
        ])
    }

    private static func firstOf(_ checks: [() -> Failure?]) -> Failure? {
        for check in checks { if let failure = check() { return failure } }
        return nil
    }

    /// Rules of the verifier and the round trip of the text.
    private static func structure(_ graph: Graph) -> Failure? {
        do { try graph.verify() } catch { return Failure(kind: .verify, culprit: "imported", message: "\(error)") }
        do {
            let text = graph.text()
            let again = try GraphParser.parse(text, definitions: AllOps.definitions).text()
            if again != text { return Failure(kind: .text, culprit: "text", message: "reads back as\n\(again)") }
        } catch { return Failure(kind: .text, culprit: "text", message: "\(error)") }
        return nil
    }

    /// The plan computes what the oracle does: with one thread and two, the first time and the second, and in a session that
    /// has seen other shapes.
    private static func compiled(_ graph: Graph, _ test: FuzzCase, _ oracle: [Result<StableOracle, any Error>]) -> Failure? {
        var options = CompileOptions(target: test.target)
        options.exact = test.isExact
        let image: PlanImage
        do { image = try Compiler.compile(graph, options) } catch let error as DLCError {
            if isKnownGap(error) { return nil }
            let pass = error.path.first { $0.hasPrefix("pass ") }
            return Failure(kind: pass == nil ? .refused : .pass, culprit: pass ?? "lowering", message: "\(error)")
        } catch { return Failure(kind: .refused, culprit: "compile", message: "\(error)") }
        let (one, two): (Session, Session)
        do {
            let model = try CompiledModel(image)
            (one, two) = (try Session(model, threads: 1), try Session(model, threads: 2))
            // As many as the definition allows.
            for session in [one, two] { session.iterationLimit = 1 << 16 }
        } catch {
            if let error = error as? DLCError, isKnownGap(error) { return nil }
            return Failure(kind: .refused, culprit: "load", message: "\(error)")
        }
        for (run, right) in zip(test.runs, oracle) {
            let outputs: [String: Tensor]
            if case .failure(let error) = right, "\(error)".contains(StableOracle.tooLarge) { continue }
            switch (Result { try one.run(run.inputs) }, right) {
            case (.failure, .failure): continue
            // A body that reads numbers of elements where an open extent is given is not held to them before it runs.
            case (.success, .failure(let error)) where "\(error)".contains("a graph reads"): continue
            // A definition gives up sooner.
            case (.success, .failure(let error)) where "\(error)".contains("does not end within"): continue
            case (.success, .failure) where fitsOtherwise(graph, run): continue
            case (.success, .failure(let error)):
                return Failure(kind: .accepted, culprit: refuser(error), message: "\(run.bindings): the oracle says: \(error)")
            case (.failure(let error), .success):
                if let error = error as? DLCError, isKnownGap(error) { return nil }
                return Failure(kind: .runError, culprit: "session", message: "\(run.bindings): \(error)")
            case (.success(let got), .success(let right)):
                outputs = got
                for name in right.outputs.keys.sorted() {
                    guard let fault = (Result { try right.fault(got[name], name) }).fault else { continue }
                    return Failure(kind: .wrong, culprit: Culprit.find(graph, run, options, right), message: "\(run.bindings): \(fault)")
                }
            }
            do {
                let other = try two.run(run.inputs)
                if let name = difference(outputs, other) {
                    return Failure(kind: .threads, culprit: Culprit.lowered(graph, options), message: "\(run.bindings): output \(name)")
                }
                if let name = difference(outputs, try one.run(run.inputs)) {
                    return Failure(kind: .rerun, culprit: Culprit.lowered(graph, options), message: "\(run.bindings): output \(name)")
                }
            } catch { return Failure(kind: .rerun, culprit: "session", message: "\(run.bindings): \(error)") }
        }
        if case .success(let right)? = oracle.first { return states(graph, test, options, right) }
        return nil
    }

    /// Whether the inputs have the same extents where symbols are what the graph requires: nothing then says that they are not.
    ///
    ///     %x: f32[256*M*N] with M = 1 required    →    f32[0] is M = 0, N = 1, and M = 1, N = 0
    private static func fitsOtherwise(_ graph: Graph, _ run: FuzzCase.Run) -> Bool {
        guard let settled = try? graph.settledByConstraints(), settled.contains(where: { run.bindings[$0.symbol] != $0.value.constant }),
            let canonical = try? Compiler.graph(graph, at: .canonical),
            let values = try? canonical.binding.values(canonical.inputs.map { run.inputs[$0.name]?.shape ?? [] })
        else { return false }
        return canonical.inputs.allSatisfy { port in
            (try? canonical.shape(port.value).map { try $0.evaluate(values) }) == run.inputs[port.name]?.shape
        }
    }

    /// The canonical graph computes the same, and the passes that made it change nothing more.
    private static func canonical(_ graph: Graph, _ test: FuzzCase, _ oracle: [Result<StableOracle, any Error>]) -> Failure? {
        do {
            var canonical = try Compiler.graph(graph, at: .canonical)
            if let fault = disagreement(canonical, test, oracle) { return Failure(kind: .wrong, culprit: "canonical", message: fault) }
            // Weights stay the integers that they are until layers of integers have been looked for, once.
            if canonical.nodes.contains(where: { $0.op is DequantizeLinear }) { return nil }
            var again = try Compiler.graph(canonical, at: .canonical)
            // What passes have found to be required of extents is taken up by the next sweep.
            if canonical.constraints.count > graph.constraints.count {
                (canonical, again) = (again, try Compiler.graph(again, at: .canonical))
            }
            if withoutNumbers(again) != withoutNumbers(canonical) {
                return Failure(kind: .idempotence, culprit: "canonical", message: "\n\(canonical.text())becomes\n\(again.text())")
            }
        } catch { return Failure(kind: .pass, culprit: "canonical", message: "\(error)") }
        return nil
    }

    /// The text with the symbols of unknown extents named in the order in which they come.
    private static func withoutNumbers(_ graph: Graph) -> String {
        var names: [Substring: Int] = [:]
        return graph.text().replacing(/[a-z_]+\.[0-9]+/) { match in
            let number = names[match.output] ?? names.count
            names[match.output] = number
            return "unknown.\(number)"
        }
    }

    /// ONNX says the same, where it can say it.
    private static func onnx(_ graph: Graph, _ test: FuzzCase, _ oracle: [Result<StableOracle, any Error>]) -> Failure? {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "fuzz-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString).onnx"
        )
        .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        guard let canonical = try? Compiler.graph(graph, at: .canonical) else { return nil }
        do { try exportONNX(canonical, opset: 20, to: path) } catch {
            if cannotBeSaid("\(error)") { return nil }
            return Failure(kind: .export, culprit: "onnx", message: "\(error)".replacingOccurrences(of: path, with: "FILE"))
        }
        do {
            let again = try Compiler.load(path)
            // ONNX has attributes in f32, which recurrent layers multiply many times.
            // Rows of a loop without rounds have extents that are anything.
            if let fault = disagreement(again, test, oracle, tolerance: 1e-5), !fault.contains("loop: expected") {
                return Failure(kind: .onnx, culprit: "export", message: fault)
            }
        } catch {
            // What the graph requires of extents ONNX cannot say, so that sizes which follow from it are numbers no longer.
            let isOpen = ["must be numbers", "their last dimension must address", "is computed from data at run time"].contains {
                "\(error)".contains($0)
            }
            if !canonical.constraints.isEmpty, isOpen { return nil }
            return Failure(kind: .import, culprit: "onnx", message: "\(error)".replacingOccurrences(of: path, with: "FILE"))
        }
        return nil
    }

    /// How a graph's results differ from the oracle's of another with the same inputs, or nil.
    static func disagreement(_ graph: Graph, _ test: FuzzCase, _ oracle: [Result<StableOracle, any Error>], tolerance: Double = 0)
        -> String?
    {
        for case (let run, .success(let right)) in zip(test.runs, oracle) {
            // Definitions compute one operator in f64, ONNX several with roundings to f32 between.
            if tolerance > 0, right.mayOverflowSpelled { continue }
            if let fault = disagreement(graph, run, right, tolerance: tolerance) { return "\(run.bindings): \(fault)" }
        }
        return nil
    }

    static func disagreement(_ graph: Graph, _ run: FuzzCase.Run, _ right: StableOracle, tolerance: Double = 0) -> String? {
        var rng = SplitMix64(seed: 0)
        do {
            let values = try StableOracle.compute(graph, run, nudge: 0, &rng)
            for port in graph.outputs {
                if let fault = try right.fault(values[port.value.index], port.name, tolerance: tolerance) { return fault }
            }
        } catch { return "\(error)" }
        return nil
    }

    private static func difference(_ a: [String: Tensor], _ b: [String: Tensor]) -> String? {
        a.keys.sorted().first { a[$0] != b[$0] }
    }

    /// The operator whose definition refuses.
    private static func refuser(_ error: any Error) -> String { (error as? DLCError)?.path.first ?? "input" }

    /// What is known to have no kernel: results whose extents depend on data, and types that no kernel is made for.
    private static func isKnownGap(_ error: DLCError) -> Bool {
        error.message.hasPrefix("has no kernel") || error.message.contains("which no input determines")
            || error.message.contains("is determined by no input and no node")
    }

    private static func cannotBeSaid(_ message: String) -> Bool {
        [
            "has no form", "has them as an attribute", "arises only when a graph is optimised", "needs opset",
            "is not the extent of an input", "no ONNX", "cannot be written", "does not say", "cannot say",
        ].contains { message.contains($0) }
    }
}

extension Result where Success == String? {
    /// The fault, or what comparing threw.
    fileprivate var fault: String? {
        switch self {
        case .success(let text): text
        case .failure(let error): "\(error)"
        }
    }
}

/// Who is to blame for a wrong result.
enum Culprit {
    /// The first pass after which the graph computes something else, or the operators that kernels compute.
    static func find(_ graph: Graph, _ run: FuzzCase.Run, _ options: CompileOptions, _ right: StableOracle) -> String {
        if Scheduling.isNeeded(graph) { return "schedule \(operators(graph))" }
        var current = graph
        for pass in Pipelines.passes(to: .lowered, options) {
            guard let next = try? [pass].run(current, options.passes) else { return "pass \(pass.name)" }
            current = next
            if Check.disagreement(current, run, right) != nil { return "pass \(pass.name)" }
        }
        return "kernel \(operators(current))"
    }

    /// The operators of the graph that is lowered.
    static func lowered(_ graph: Graph, _ options: CompileOptions) -> String {
        (try? Compiler.graph(graph, at: .lowered, options)).map { "kernel \(operators($0))" } ?? "kernel"
    }

    private static func operators(_ graph: Graph) -> String {
        Set(
            graph.nodes.map { node -> String in
                guard let region = node.op as? ElementwiseRegion else { return node.op.name }
                return "elementwise(" + Set(region.body.nodes.map(\.op.name)).subtracting(["constant"]).sorted().joined(separator: " ")
                    + ")"
            }
        ).subtracting(["constant"]).sorted().joined(separator: " ")
    }
}
