import DLC

extension ONNXOutline {
    /// A row per operator, those that are missing first, then inputs, outputs and operator sets.
    var text: String {
        var table = Table([("operator", .left), ("nodes", .right), ("", .left)])
        for item in operators.filter({ !$0.isKnown }) + operators.filter(\.isKnown) {
            table.add([item.name, "\(item.count)", item.isKnown ? "" : "not supported"])
        }
        let missing = operators.filter { !$0.isKnown }
        table.addRule()
        table.add([
            "\(operators.count) operators", "\(operators.reduce(0) { $0 + $1.count })",
            missing.isEmpty ? "" : "\(missing.count) of them, \(missing.reduce(0) { $0 + $1.count }) nodes, not supported",
        ])
        let lines = inputs.map { "input   \($0)" } + outputs.map { "output  \($0)" } + ["needs   opset \(opsets.joined(separator: ", "))"]
        return table.text + "\n\n" + lines.joined(separator: "\n") + "\n"
    }
}
