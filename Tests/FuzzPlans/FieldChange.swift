import DLCRuntime

/// Values that a number of a plan is changed to: neighbours, what overflows, what is out of range.
enum Changes {
    static func of(_ value: Int) -> [Int] {
        let values = [
            0, 1, 2, 3, -1, -2, 7, 64, value &+ 1, value &- 1, value &* 2, value / 2, 0 &- value, 255, 256, 1 << 20, (1 << 31) - 1, 1 << 31,
            1 << 32, 1 << 40, 1 << 61, 1 << 62, .max, .min,
        ]
        return values.filter { $0 != value }
    }

    static func of(_ value: Double) -> [Double] {
        [0, 1, -1, 0.5, 3, -3e38, 3e38, 1e300, .infinity, -.infinity, .nan, 1e-30].filter { $0 != value }
    }
}

/// Changes the parameter that is number `target` of a kernel's to the choice that is number `choice` of its values, where it
/// has that many.
struct FieldChange: FieldVisitor {
    private let target: Int
    private let choice: Int
    private var place = -1
    private(set) var isDone = false
    private(set) var description = ""

    init(target: Int, choice: Int) { (self.target, self.choice) = (target, choice) }

    /// How many choices the parameter has; nil where there is no parameter of that number.
    private(set) var choices: Int?

    private mutating func change<T>(_ name: String, _ value: inout T, _ choices: (T) -> [T]) {
        place += 1
        guard place == target else { return }
        let choices = choices(value)
        self.choices = choices.count
        guard choice < choices.count else { return }
        description = "\(name) \(value) → \(choices[choice])"
        value = choices[choice]
        isDone = true
    }

    mutating func flag(_ name: String, _ value: inout Bool) { change(name, &value) { [!$0] } }
    mutating func integer(_ name: String, _ value: inout Int) { change(name, &value) { Changes.of($0) } }
    mutating func number(_ name: String, _ value: inout Double) { change(name, &value) { Changes.of($0) } }

    mutating func size(_ name: String, _ value: inout Dim) {
        change(name, &value) { Changes.of($0.constant ?? 1).map { Dim($0) } + [Dim(symbol: "unbound")] }
    }

    mutating func choice<C: KernelChoice>(_ name: String, _ value: inout C) {
        change(name, &value) { old in C.choices.entries.compactMap { C(rawValue: $0.code) }.filter { $0 != old } }
    }

    mutating func list<E: Field>(_ name: String, _ values: inout [E]) throws {
        change("elements of \(name)", &values) { [[], Array($0.dropLast()), $0 + $0.suffix(1), $0 + [E.standard], $0.reversed()] }
        for index in values.indices { try self(name, &values[index]) }
    }

    mutating func group<G: FieldGroup>(_ name: String, _ value: inout G) throws { try value.visit(&self) }
}
