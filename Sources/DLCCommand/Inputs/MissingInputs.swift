import DLC

/// Says which inputs `dlc run` was not given, and what to type.
struct MissingInputs {
    let ports: [Plan.Port]
    let metadata: [String: String]
    /// What stands behind `dlc run`: the model, and the program where one is asked for.
    let arguments: [String]

    /// Prints what to type where an input is missing that is no optional.
    /// - Parameter given: names of the inputs that are there.
    /// - Throws: what is missing.
    func check(_ given: [String]) throws {
        let missing = ports.filter { !given.contains($0.name) && $0.container?.kind.isOptional != true }
        guard let first = missing.first else { return }
        var seen = Set<String>()
        let symbols = missing.flatMap { $0.shape.flatMap { $0.symbols.sorted() } }.filter { seen.insert($0).inserted }
        print("type\n  " + line(missing.flatMap(argument)))
        print("or, for random values,\n  " + line(["--random"] + symbols.flatMap { ["--dim", "\($0)=8"] }))
        if missing.count == 1 { throw DLCError("input \(first.name) is missing; expected \(first.typeText)") }
        throw DLCError("\(missing.count) inputs are missing: " + missing.map { "\($0.name) \($0.typeText)" }.joined(separator: ", "))
    }

    /// How a file of an input is given.
    private func argument(_ port: Plan.Port) -> [String] {
        let file = String(port.name.map { $0 == "/" ? "_" : $0 })
        if port.container?.kind.isSequence == true { return ["--input", "\(port.name)=\(file)/"] }
        if port.type == .string { return ["--text", "\(port.name)=words"] }
        let isPicture = port.shape.count > 2 && (try? ImageInput(port, metadata)) != nil
        return ["--input", "\(port.name)=\(file).\(isPicture ? "png" : "npy")"]
    }

    private func line(_ options: [String]) -> String { (["dlc", "run"] + arguments + options).map(Self.quoted).joined(separator: " ") }

    /// As a shell reads it.
    private static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=,:+@%".contains($0) }
        return isPlain ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
