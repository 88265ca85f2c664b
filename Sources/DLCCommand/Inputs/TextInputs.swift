import DLC

/// The strings of `--text`, as tensors for the inputs that take strings.
struct TextInputs {
    let ports: [Plan.Port]

    /// The tensors by input, the strings of each in the order in which they were given.
    /// - Parameter arguments: each `NAME=TEXT`, or `TEXT` where one input takes strings.
    /// - Throws: where an input takes none, or other than as many as are given.
    func read(_ arguments: [String]) throws -> [String: Tensor] {
        var texts: [String: [String]] = [:]
        for argument in arguments {
            let (port, text) = try split(argument)
            texts[port.name, default: []].append(text)
        }
        return Dictionary(
            try ports.compactMap { port in try texts[port.name].map { (port.name, try Tensor($0, shape: Self.shape(port, $0.count))) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// Texts may hold equals signs as well as names do.
    private func split(_ argument: String) throws -> (Plan.Port, String) {
        let takers = ports.filter { $0.type == .string }
        for index in argument.indices where argument[index] == "=" {
            if let port = takers.first(where: { $0.name == argument[..<index] }) { return (port, String(argument[argument.index(after: index)...])) }
        }
        guard takers.count == 1 else {
            throw DLCError("which input is --text '\(argument.printable(most: 40))' for? Write NAME=TEXT; the model has \(Describe.ports(ports))")
        }
        return (takers[0], argument)
    }

    /// The open extent that is the last is as long as all strings need; others are 1.
    private static func shape(_ port: Plan.Port, _ count: Int) throws -> [Int] {
        var shape = port.shape.map { $0.constant ?? 1 }
        let known = try Checked.count(shape)
        if let open = port.shape.lastIndex(where: { $0.constant == nil }), known > 0, count % known == 0 { shape[open] = count / known }
        guard try Checked.count(shape) == count else { throw DLCError("--text gives \(count) strings; the model has \(Describe.port(port))") }
        return shape
    }
}
