public import DLCGraph
import DLCOps

/// What keeps `differentiate` from doing its work at one operator.
public struct GradientProblem: Sendable {
    /// The name of the node that asks for the gradients.
    public var request: String
    /// The operator without a gradient and its layer; empty where a value is not reached at all.
    public var operation: String
    public var layer: String
    public var message: String
}

extension Graph {
    /// All that `differentiate` would refuse.
    public func gradientProblems() -> [GradientProblem] {
        var problems: [GradientProblem] = []
        do {
            _ = try rewritten { rewriter, node in
                guard let op = node.op as? Gradient else { return nil }
                let operands = node.operands.compactMap { $0 }
                var sweep = ReverseSweep(rewriter.builder)
                do {
                    let results = try sweep.gradients(of: operands[0], at: Array(operands.dropFirst()), mustReach: op.mustReach)
                    rewriter.builder = sweep.builder
                    return results
                } catch let error as DLCError {
                    problems += (sweep.missing.isEmpty ? [error] : sweep.missing).map { GradientProblem($0, node.name) }
                    return operands.dropFirst().map { $0 }
                }
            }
        } catch {
            problems.append(GradientProblem(request: "", operation: "", layer: "", message: "\(error)"))
        }
        return problems
    }
}

extension GradientProblem {
    fileprivate init(_ error: DLCError, _ request: String) {
        let place = error.path.first?.split(separator: " ", maxSplits: 1).map(String.init) ?? []
        let message = DLCError(error.message, at: Array(error.path.dropFirst())).description
        self.init(request: request, operation: place.first ?? "", layer: place.count > 1 ? place[1] : "", message: message)
    }
}
