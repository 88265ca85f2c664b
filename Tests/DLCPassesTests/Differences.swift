import DLC
import Testing

/// Holds gradients that a graph computes to central differences of what it computes.
struct Differences {
    /// How far operands are moved, relative to those above 1.
    var step = 1e-4
    /// Relative to gradients above 1.
    var tolerance = 1e-6

    /// Outputs named `prefix` + input are the gradients of the scalar `output`.
    func check(_ graph: Graph, _ inputs: [String: Tensor], of output: String, _ names: [String], prefix: String) throws {
        let at = try Interpreter.run(graph, inputs)
        for name in names {
            let x = try #require(inputs[name])
            let values = try x.doubles()
            let found = try #require(at[prefix + name]).doubles()
            // A sample of the elements, the first and last among them.
            let sample = Set((0..<min(8, values.count)).map { $0 * (values.count - 1) / max(1, min(8, values.count) - 1) })
            for index in sample where values[index].isFinite {
                func loss(_ change: Double) throws -> Double {
                    var moved = values
                    moved[index] += change
                    var inputs = inputs
                    inputs[name] = try Tensor(doubles: moved, type: x.type, shape: x.shape)
                    return try #require(Interpreter.run(graph, inputs)[output]).doubles()[0]
                }
                let step = step * max(1, abs(values[index]))
                // Central differences of fourth order.
                let near = try loss(step) - loss(-step)
                let far = try loss(2 * step) - loss(-2 * step)
                let expected = (8 * near - far) / (12 * step)
                #expect(
                    abs(found[index] - expected) <= tolerance * max(1, abs(expected)),
                    "\(prefix)\(name)[\(index)] is \(found[index]), differences give \(expected)")
            }
        }
    }
}
