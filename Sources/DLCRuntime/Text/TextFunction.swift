import DLCTensor

/// What a schedule computes of strings itself, between programs, since no kernel does. Raw values are those of the plan file.
package enum TextFunction: Int, Sendable, CaseIterable {
    /// x, keys `[K]`; the places of x's elements among the keys, the first of equal ones and K where there is none.
    case find = 0
    /// a, b, which broadcast; each text of a followed by that of b.
    case concat = 1
    /// x; the parts of each text, filled up with empty ones, and their numbers. Numbers: the most splits, −1 for all. Texts: what
    /// divides the parts, empty for any run of white space.
    case split = 2
    /// x; whether the whole of each text matches. Texts: the expression.
    case match = 3
    /// x; what `TextNormalization` makes of it. Numbers: its case change, and whether stop words differ by case. Texts: the locale,
    /// then the stop words.
    case normalize = 4
    /// Numbers; how they are written.
    case write = 5
    /// x; the numbers that the texts are. Numbers: the element type.
    case read = 6
    /// x; the tokens of each text, filled up. Numbers: `Tokenization`'s way, whether texts are marked, the fewest characters. Texts: what
    /// fills up, then the expressions.
    case tokenize = 7

    package var name: String {
        switch self {
        case .find: "find"
        case .concat: "string_concat"
        case .split: "string_split"
        case .match: "regex_full_match"
        case .normalize: "string_normalize"
        case .write: "write_numbers"
        case .read: "read_numbers"
        case .tokenize: "string_tokenize"
        }
    }

    var operands: Int { self == .find || self == .concat ? 2 : 1 }
    var results: Int { self == .split ? 2 : 1 }
    /// How many numbers come before the texts, and how few texts there must be.
    var numbers: Int { self == .tokenize ? 3 : self == .normalize ? 2 : self == .split || self == .read ? 1 : 0 }
    var texts: ClosedRange<Int> {
        switch self {
        case .split, .match: 1...1
        case .normalize, .tokenize: 1...Int.max
        default: 0...0
        }
    }
}

/// A function of strings with its attributes.
package struct TextCall: Sendable {
    package var function: TextFunction
    package var numbers: [Int]
    package var texts: [String]

    package init(_ function: TextFunction, numbers: [Int] = [], texts: [String] = []) {
        (self.function, self.numbers, self.texts) = (function, numbers, texts)
    }

    /// Reads what `parameters` of an item say: the function, its numbers, and texts by their places among `names`.
    /// - Throws: where there is no such function, or it takes others.
    init(_ item: Schedule.Item, names: [String]) throws {
        guard let function = item.parameters.first.flatMap(TextFunction.init(rawValue:)) else {
            throw DLCError("the plan names an unknown function of strings")
        }
        let rest = item.parameters.dropFirst()
        guard rest.count >= function.numbers, function.texts.contains(rest.count - function.numbers), item.operands.count == function.operands,
            item.results.count == function.results
        else { throw DLCError("\(function.name) has \(item.operands.count) operands and \(rest.count) parameters") }
        self.function = function
        numbers = Array(rest.prefix(function.numbers))
        texts = try rest.dropFirst(function.numbers).map { place in
            guard names.indices.contains(place) else { throw DLCError("\(function.name) speaks of text \(place) of \(names.count)") }
            return names[place]
        }
    }

    /// The results.
    /// - Throws: where an operand has another type or shape than the function takes, or a text is not what it needs.
    package func run(_ operands: [Tensor], _ cache: TextCache) throws -> [Tensor] {
        guard operands.count == function.operands else { throw DLCError("\(function.name) has \(operands.count) operands") }
        let x = operands[0]
        guard function == .write || operands.allSatisfy({ $0.type == .string }) else {
            throw DLCError("\(function.name) expects strings, found \(operands.map { "\($0.type)\($0.shape)" }.joined(separator: ", "))")
        }
        switch function {
        case .find: return [try cache.find(x, among: operands[1])]
        case .concat: return [try TextMovement.concat(x, operands[1])]
        case .split: return try TextMovement.split(x, at: texts[0], most: numbers[0])
        case .match:
            let expression = try cache.expression(texts[0])
            return [try Tensor(x.mapStrings { expression.matchesWhole(of: $0) }, shape: x.shape)]
        case .normalize:
            guard let change = TextNormalization.CaseChange(rawValue: numbers[0]) else {
                throw DLCError("\(function.name) changes case in way \(numbers[0])")
            }
            let op = try TextNormalization(
                change, isCaseSensitive: numbers[1] != 0, locale: texts[0], stopWords: Array(texts.dropFirst()))
            return [try op.apply(to: x)]
        case .tokenize:
            guard let way = Tokenization.Way(rawValue: numbers[0]) else {
                throw DLCError("\(function.name) cuts texts in way \(numbers[0])")
            }
            let expressions = try texts.dropFirst().map { try cache.expression($0) }
            let tokenization = Tokenization(
                way: way, expressions: expressions, isMarked: numbers[1] != 0, fewest: numbers[2], filling: texts[0])
            return [try tokenization.apply(to: x)]
        case .write: return [try TextNumbers.written(x)]
        case .read:
            guard let type = UInt8(exactly: numbers[0]).flatMap(ElementType.init(rawValue:)) else {
                throw DLCError("\(function.name) gives unknown element type \(numbers[0])")
            }
            return [try TextNumbers.read(x, as: type)]
        }
    }
}

/// What functions of strings keep from run to run: where constant keys stand, and expressions. Used by one task at a time.
package final class TextCache {
    private var known: [UInt: (count: Int, places: [StringPool.Handle: Int64])] = [:]
    private var expressions: [String: RegularExpression] = [:]

    package init() {}

    func expression(_ pattern: String) throws -> RegularExpression {
        if let known = expressions[pattern] { return known }
        let made = try RegularExpression(pattern)
        expressions[pattern] = made
        return made
    }

    /// - Throws: where keys are no vector.
    func find(_ x: Tensor, among keys: Tensor) throws -> Tensor {
        guard keys.rank == 1 else { throw DLCError("keys are \(keys.type)\(keys.shape); expected [K]") }
        let places = try places(of: keys)
        let found = try x.withHandles { $0.map { places[$0] ?? Int64(keys.count) } }
        return try Tensor(found, shape: x.shape)
    }

    /// Constants lie where they are as long as the model does; what stands for their texts stays the same.
    private func places(of keys: Tensor) throws -> [StringPool.Handle: Int64] {
        let isConstant = keys.owner is ConstantAddresses
        if isConstant, let known = known[keys.identity], known.count == keys.count { return known.places }
        let found = try keys.withHandles { handles in
            Dictionary(handles.enumerated().map { ($1, Int64($0)) }) { first, _ in first }
        }
        if isConstant { known[keys.identity] = (keys.count, found) }
        return found
    }
}

extension Tensor {
    /// What a function makes of each string, computed once for equal ones.
    func mapStrings<Result>(_ body: ([UInt8]) throws -> Result) throws -> [Result] {
        let texts = try texts()
        return try withHandles { handles in
            var known: [StringPool.Handle: Result] = [:]
            return try handles.indices.map { index in
                if let result = known[handles[index]] { return result }
                let result = try located("string \(index)") { try body(texts[index]) }
                known[handles[index]] = result
                return result
            }
        }
    }
}
