import DLCTensor

/// Parameters go into a plan's table one after another, in the order in which a kernel visits them.
extension ByteWriter: FieldVisitor {
    package mutating func flag(_ name: String, _ value: inout Bool) { byte(value ? 1 : 0) }
    package mutating func integer(_ name: String, _ value: inout Int) { signed(value) }
    package mutating func number(_ name: String, _ value: inout Double) { number(value) }
    package mutating func size(_ name: String, _ value: inout Dim) { dim(value) }
    package mutating func choice<C: KernelChoice>(_ name: String, _ value: inout C) { byte(value.rawValue) }
    package mutating func group<G: FieldGroup>(_ name: String, _ value: inout G) throws { try value.visit(&self) }

    package mutating func list<E: Field>(_ name: String, _ values: inout [E]) throws {
        count(values.count)
        for index in values.indices { try self(name, &values[index]) }
    }
}

extension ByteReader: FieldVisitor {
    package mutating func flag(_ name: String, _ value: inout Bool) throws {
        let code = try byte()
        guard code <= 1 else { throw DLCError("\(name) is \(code); expected 0 or 1") }
        value = code == 1
    }

    package mutating func integer(_ name: String, _ value: inout Int) throws { value = try signed() }
    package mutating func number(_ name: String, _ value: inout Double) throws { value = try number() }
    package mutating func size(_ name: String, _ value: inout Dim) throws { value = try dim() }
    package mutating func group<G: FieldGroup>(_ name: String, _ value: inout G) throws { try value.visit(&self) }

    package mutating func choice<C: KernelChoice>(_ name: String, _ value: inout C) throws {
        let code = try byte()
        guard value.take(code) else {
            throw DLCError("\(name) is \(code); expected \(C.choices.entries.map { "\($0.code) (\($0.name))" }.joined(separator: ", "))")
        }
    }

    package mutating func list<E: Field>(_ name: String, _ values: inout [E]) throws {
        let length = try count()
        values = []
        for _ in 0..<length {
            var element = E.standard
            try self(name, &element)
            values.append(element)
        }
    }
}
