import DLCTensor

/// A parameter of a kernel, or a part of one.
package protocol Field: Sendable {
    /// What it is before anybody sets it.
    static var standard: Self { get }
    mutating func visit(as name: String, _ visitor: inout some FieldVisitor) throws
}

/// Parameters under names.
package protocol FieldGroup: Field {
    init()
    /// Calls `fields(name, &property)` for each property, in an order that is part of the plan file.
    mutating func visit(_ fields: inout some FieldVisitor) throws
}

/// A parameter with few legal values, a C enumeration.
package protocol KernelChoice: Field, RawRepresentable, Hashable where RawValue == UInt8 {
    /// The legal values and what they are called.
    static var choices: ChoiceTable<Self> { get }

    /// Becomes the value of a code; false where the code is not legal. A requirement, so that the compiler makes one for each type:
    /// what reads plans knows no more of them than this protocol, and would look `Self?` up each time.
    mutating func take(_ code: UInt8) -> Bool
}

/// The legal values of an enumeration by their codes, with their names.
package struct ChoiceTable<Choice>: Sendable, ExpressibleByDictionaryLiteral where Choice: RawRepresentable<UInt8> {
    package let entries: [(code: UInt8, name: String)]
    private let codes: [UInt8]

    package init(dictionaryLiteral elements: (Choice, String)...) {
        entries = elements.map { ($0.rawValue, $1) }
        codes = entries.map(\.code)
    }

    func holds(_ code: UInt8) -> Bool { codes.contains(code) }

    package func name(of code: UInt8) -> String? {
        for entry in entries where entry.code == code { return entry.name }
        return nil
    }
}

/// Reads, writes or changes the parameters of a kernel one by one.
package protocol FieldVisitor {
    mutating func flag(_ name: String, _ value: inout Bool) throws
    mutating func integer(_ name: String, _ value: inout Int) throws
    mutating func number(_ name: String, _ value: inout Double) throws
    mutating func size(_ name: String, _ value: inout Dim) throws
    mutating func choice<C: KernelChoice>(_ name: String, _ value: inout C) throws
    mutating func list<E: Field>(_ name: String, _ values: inout [E]) throws
    mutating func group<G: FieldGroup>(_ name: String, _ value: inout G) throws
}

extension FieldVisitor {
    /// One parameter.
    package mutating func callAsFunction(_ name: String, _ value: inout some Field) throws { try value.visit(as: name, &self) }
}

extension Bool: Field {
    package static var standard: Bool { false }
    package mutating func visit(as name: String, _ visitor: inout some FieldVisitor) throws { try visitor.flag(name, &self) }
}

extension Int: Field {
    package static var standard: Int { 0 }
    package mutating func visit(as name: String, _ visitor: inout some FieldVisitor) throws { try visitor.integer(name, &self) }
}

extension Double: Field {
    package static var standard: Double { 0 }
    package mutating func visit(as name: String, _ visitor: inout some FieldVisitor) throws { try visitor.number(name, &self) }
}

extension Dim: Field {
    package static var standard: Dim { 0 }
    package mutating func visit(as name: String, _ visitor: inout some FieldVisitor) throws { try visitor.size(name, &self) }
}

extension Array: Field where Element: Field {
    package static var standard: [Element] { [] }
    package mutating func visit(as name: String, _ visitor: inout some FieldVisitor) throws { try visitor.list(name, &self) }
}

extension FieldGroup {
    /// The group with its parameters set by name: `SoftmaxKernel { $0.axis = 1 }`.
    package init(_ set: (inout Self) throws -> Void) rethrows {
        self.init()
        try set(&self)
    }

    package static var standard: Self { Self() }
    package mutating func visit(as name: String, _ visitor: inout some FieldVisitor) throws { try visitor.group(name, &self) }
}

extension KernelChoice {
    package static var standard: Self { Self(rawValue: choices.entries[0].code).unsafelyUnwrapped }
    package mutating func visit(as name: String, _ visitor: inout some FieldVisitor) throws { try visitor.choice(name, &self) }

    package mutating func take(_ code: UInt8) -> Bool {
        guard Self.choices.holds(code), let choice = Self(rawValue: code) else { return false }
        self = choice
        return true
    }

    /// The value's name, or nil where the value is not legal.
    package var choiceName: String? { Self.choices.name(of: rawValue) }

    /// The value of a name.
    /// - Throws: where no value has it.
    package init(named name: String) throws {
        guard let code = Self.choices.entries.first(where: { $0.name == name })?.code, let choice = Self(rawValue: code) else {
            throw DLCError("has no kernel for \(name); there is \(Self.choices.entries.map(\.name).joined(separator: ", "))")
        }
        self = choice
    }
}
