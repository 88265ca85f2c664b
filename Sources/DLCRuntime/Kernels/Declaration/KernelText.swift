import DLCTensor

extension Kernel {
    /// The kernel's parameters, those at their defaults left out: `axis: 1, epilogue: {activation: relu}`.
    package var text: String {
        var (own, standard) = (FieldText(), FieldText())
        var (kernel, prototype) = (self, Self())
        try? kernel.visit(&own)
        try? prototype.visit(&standard)
        let defaults = Dictionary(standard.entries, uniquingKeysWith: { first, _ in first })
        return own.entries.filter { defaults[$0.0] != $0.1 }.map { "\($0): \($1)" }.joined(separator: ", ")
    }
}

/// Names of parameters and their values in words.
private struct FieldText: FieldVisitor {
    private(set) var entries: [(String, String)] = []

    mutating func flag(_ name: String, _ value: inout Bool) { entries.append((name, "\(value)")) }
    mutating func integer(_ name: String, _ value: inout Int) { entries.append((name, "\(value)")) }
    mutating func number(_ name: String, _ value: inout Double) { entries.append((name, "\(value)")) }
    mutating func size(_ name: String, _ value: inout Dim) { entries.append((name, "\(value)")) }

    mutating func choice<C: KernelChoice>(_ name: String, _ value: inout C) {
        entries.append((name, value.choiceName ?? "\(value.rawValue)"))
    }

    mutating func list<E: Field>(_ name: String, _ values: inout [E]) throws {
        var inner = FieldText()
        for index in values.indices { try inner(name, &values[index]) }
        entries.append((name, "[\(inner.entries.map(\.1).joined(separator: ", "))]"))
    }

    mutating func group<G: FieldGroup>(_ name: String, _ value: inout G) throws {
        var inner = FieldText()
        try value.visit(&inner)
        entries.append((name, "{\(inner.entries.map { "\($0): \($1)" }.joined(separator: ", "))}"))
    }
}
