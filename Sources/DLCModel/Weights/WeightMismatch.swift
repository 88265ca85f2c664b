/// What a weight file lacks for a model, thrown at once.
public struct WeightMismatch: Error {
    let file: String
    let model: String
    let missing: [ModelParameter]
    let misshapen: [(parameter: ModelParameter, found: WeightMatch.Candidate)]
    let unused: [WeightMatch.Candidate]
    let idle: [WeightRename]

    init(
        file: String, model: String, missing: [ModelParameter], misshapen: [(ModelParameter, WeightMatch.Candidate)],
        unused: [WeightMatch.Candidate], idle: [WeightRename]
    ) {
        self.file = file
        self.model = model
        self.missing = missing
        self.misshapen = misshapen
        self.unused = unused
        self.idle = idle
    }

    /// Lines of a kind; more are counted only.
    private static let shown = 20
    /// Of a file with more unused names, so many are looked through for a nearest one.
    private static let compared = 2000
}

extension WeightMismatch: CustomStringConvertible {
    /// For example
    ///
    ///     resnet18.safetensors does not fit the model ResNet18: 1 parameter is missing
    ///       missing    fc.weight: f32[1000, 512]; the file has head.weight
    ///       unused     head.weight: f32[1000, 512]
    ///     --rename 'FROM=TO' gives tensors other names, --rename 'FROM=' leaves them out
    public var description: String {
        let what = [(missing.count, "missing"), (misshapen.count, "of another shape or type")].filter { $0.0 > 0 }
        let counts = what.enumerated().map { index, part in
            "\(part.0) \(index > 0 ? "" : part.0 == 1 ? "parameter is " : "parameters are ")\(part.1)"
        }
        var lines = ["\(file) does not fit the model \(model): \(counts.joined(separator: ", "))"]
        lines += Self.section("missing", missing) { parameter in
            "\(parameter.name): \(parameter.type)\(parameter.shape)"
                + (nearest(to: parameter).map { "; the file has \($0.printable())" } ?? "")
        }
        lines += Self.section("misshapen", misshapen) { parameter, found in
            "\(parameter.name): \(parameter.type)\(parameter.shape), found \(found.entry.type)\(found.entry.shape)"
        }
        lines += Self.lines(unused, idle)
        if !missing.isEmpty, !unused.isEmpty {
            lines.append(
                prefixRename.map { "\($0) would give the file's names to the parameters" }
                    ?? "--rename 'FROM=TO' gives tensors other names, --rename 'FROM=' leaves them out")
        }
        return lines.joined(separator: "\n")
    }

    /// What of a file was not used, or nil where all of it was.
    static func unusedReport(_ file: String, _ unused: [WeightMatch.Candidate], _ idle: [WeightRename]) -> String? {
        if unused.isEmpty && idle.isEmpty { return nil }
        return (["\(file) is not used whole"] + lines(unused, idle)).joined(separator: "\n")
    }

    private static func lines(_ unused: [WeightMatch.Candidate], _ idle: [WeightRename]) -> [String] {
        section("unused", unused) { "\($0.name.printable()): \($0.entry.type)\($0.entry.shape)" }
            + section("no match", idle) { "--rename '\($0.description.printable())'" }
    }

    private static func section<Item>(_ title: String, _ items: [Item], _ line: (Item) -> String) -> [String] {
        let title = title + String(repeating: " ", count: max(0, 11 - title.count))
        let rest = items.count - shown
        return items.prefix(shown).map { "  \(title)\(line($0))" } + (rest > 0 ? ["  \(title)and \(rest) more"] : [])
    }

    /// The unused tensor that is most likely the parameter under another name: one of its shape where there is any.
    private func nearest(to parameter: ModelParameter) -> String? {
        let candidates = unused.prefix(Self.compared)
        return nearestName(to: parameter.name, among: candidates.filter { $0.entry.shape == parameter.shape }.map(\.name))
            ?? nearestName(to: parameter.name, among: candidates.map(\.name))
    }

    /// A rename that makes all missing names, where the file's and the model's differ by a common first part.
    private var prefixRename: String? {
        let (wanted, given) = (Set(missing.map(\.name)), Set(unused.map(\.name)))
        guard let parameter = missing.first?.name else { return nil }
        for name in given.sorted() {
            if name.hasSuffix(".\(parameter)") {
                let prefix = String(name.dropLast(parameter.count))
                if wanted.allSatisfy({ given.contains(prefix + $0) }) { return "--rename '\(prefix)*=*'" }
            }
            if parameter.hasSuffix(".\(name)") {
                let prefix = String(parameter.dropLast(name.count))
                if wanted.allSatisfy({ $0.hasPrefix(prefix) && given.contains(String($0.dropFirst(prefix.count))) }) {
                    return "--rename '*=\(prefix)*'"
                }
            }
        }
        return nil
    }
}
