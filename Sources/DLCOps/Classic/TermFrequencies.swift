import DLCGraph

/// ONNX TfIdfVectorizer of numbers or strings: how often each n-gram of a pool stands in a row, also with up to `max_skip_count` elements
/// left out between neighbours.
///
/// Prefixes of n-grams have numbers. That of a longer prefix is found by the number of the one before it and the next element,
/// so every length is one `Find` over all windows of a row; what is found is added into the column of its n-gram.
enum TermFrequencies {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([
            "max_gram_length", "max_skip_count", "min_gram_length", "mode", "ngram_counts", "ngram_indexes", "pool_int64s", "pool_strings",
            "weights",
        ])
        let pool = try NgramPool(reader)
        guard try (reader.fact(0).element == .string) == pool.isText else {
            throw DLCError("x is \(try reader.fact(0).type), but the n-grams are of \(pool.isText ? "strings" : "numbers")")
        }
        let x = try pool.isText ? reader.required(0) : reader.cast(reader.required(0), .int64)
        let rank = reader.builder.shape(x).count
        guard rank <= 2 else { throw DLCError("x is \(reader.builder.fact(x).type); expected [C] or [N, C]") }
        let rows = rank == 2 ? x : try reader.reshape(x, [1, reader.builder.shape(x).product()])
        let skips: Int = try reader.attribute("max_skip_count") ?? 0
        guard (0..<1 << 10).contains(skips) else { throw DLCError("max_skip_count is \(skips)") }

        let columns = try pool.columns(of: rows, skips: skips, &reader)
        let counted = reader.constant(try Tensor([0 as Float], shape: [1, 1]))
        let batch = reader.builder.shape(rows)[0]
        var counts = try reader.add1(Expand(shape: [batch, Dim(pool.size + 1)]), [counted])
        if !columns.isEmpty {
            let places = columns.count == 1 ? columns[0] : try reader.add1(Concat(axis: 1), columns)
            let ones = try reader.add1(Expand(shape: reader.builder.shape(places)), [reader.constant(Tensor([1 as Float], shape: [1, 1]))])
            counts = try reader.add1(ScatterElements(axis: 1, reduction: .add), [counts, places, ones])
        }
        let known = try weighted(reader.slice(counts, axis: 1, from: 0, count: Dim(pool.size)), pool.size, &reader)
        return [rank == 2 ? known : try reader.reshape(known, [Dim(pool.size)])]
    }

    private static func weighted(_ counts: Value, _ size: Int, _ reader: inout ONNXReader) throws -> Value {
        let mode: String = try reader.attribute("mode") ?? ""
        guard ["TF", "IDF", "TFIDF"].contains(mode) else { throw DLCError("mode is '\(mode)'; expected TF, IDF or TFIDF") }
        let weights: [Double] = try reader.attribute("weights") ?? []
        guard weights.isEmpty || weights.count >= size else { throw DLCError("\(weights.count) weights for \(size) columns") }
        let row = weights.isEmpty ? nil : reader.constant(try Tensor(weights.prefix(size).map(Float.init), shape: [size]))
        if mode == "TF" { return counts }
        if mode == "TFIDF" { return try row.map { try reader.apply(.mul, counts, $0) } ?? counts }
        let occurs = try reader.cast(reader.apply(.greater, counts, reader.scalar(0, like: counts)), .float32)
        return try row.map { try reader.apply(.mul, occurs, $0) } ?? occurs
    }
}

/// The n-grams that are counted.
private struct NgramPool {
    /// Of the result, without the last one, in which nothing is counted.
    let size: Int
    private let shortest: Int
    private let longest: Int
    /// What n-grams are made of, each once.
    private let symbols: Tensor
    var isText: Bool { symbols.type == .string }
    /// For each length the prefixes, ascending by the number of the one before and the last symbol, and the columns of those that
    /// are n-grams.
    private var levels: [(keys: [Int64], columns: [Int64])] = []

    init(_ reader: ONNXReader) throws {
        func ints(_ name: String) throws -> [Int] { try reader.attribute(name) ?? [] }
        let texts: [String] = try reader.attribute("pool_strings") ?? []
        let pool: [Int64]
        if texts.isEmpty {
            let numbers = try ints("pool_int64s")
            let known = Set(numbers).sorted()
            symbols = try Tensor(known.map(Int64.init), shape: [known.count])
            pool = Self.places(numbers, among: known)
        } else {
            // Strings that only look the same are not: they are told apart by their bytes.
            let bytes = texts.map { Array($0.utf8) }
            let known = Set(bytes).sorted { $0.lexicographicallyPrecedes($1) }
            symbols = try Tensor(texts: known, shape: [known.count])
            pool = Self.places(bytes, among: known)
        }
        let (starts, indices) = (try ints("ngram_counts"), try ints("ngram_indexes"))
        (shortest, longest) = (try reader.attribute("min_gram_length") ?? 1, try reader.attribute("max_gram_length") ?? 1)
        guard shortest >= 1, longest >= shortest, longest <= starts.count, let most = indices.max(), most < 1 << 26,
            indices.allSatisfy({ $0 >= 0 })
        else {
            throw DLCError("n-grams of \(shortest) to \(longest) elements in a pool of \(starts.count) lengths")
        }
        size = most + 1
        let base = Int64(symbols.count + 1)
        var numbers: [[Int64]: Int64] = [:]
        var grams: [[Int64]: Int] = [:]
        var next = 0
        for (index, start) in starts.enumerated() {
            let (length, end) = (index + 1, index + 1 < starts.count ? starts[index + 1] : pool.count)
            guard start >= 0, start <= end, end <= pool.count, (end - start) % length == 0 else {
                throw DLCError("ngram_counts \(starts) for \(pool.count) elements")
            }
            for first in stride(from: start, to: end, by: length) {
                guard next < indices.count else { throw DLCError("\(indices.count) ngram_indexes for more n-grams") }
                if length >= shortest, length <= longest { grams[Array(pool[first..<first + length])] = indices[next] }
                next += 1
            }
        }
        for length in 1...longest {
            let prefixes = Set(grams.keys.filter { $0.count >= length }.map { Array($0.prefix(length)) })
            let keyed = try prefixes.map { prefix in
                let before = length == 1 ? 0 : numbers[Array(prefix.dropLast())] ?? 0
                let key = Int64(try Checked.add(Checked.multiply(Int(before), Int(base)), Int(prefix[length - 1])))
                return (key: key, prefix: prefix)
            }.sorted { $0.key < $1.key }
            for (number, entry) in keyed.enumerated() { numbers[entry.prefix] = Int64(number) }
            levels.append((keyed.map(\.key), keyed.map { Int64(grams[$0.prefix] ?? size) }))
        }
    }

    private static func places<Symbol: Hashable>(_ pool: [Symbol], among known: [Symbol]) -> [Int64] {
        let places = Dictionary(known.enumerated().map { ($1, Int64($0)) }) { first, _ in first }
        return pool.map { places[$0] ?? 0 }
    }

    /// The columns `[N, windows]` to count in, for each length and distance.
    func columns(of rows: Value, skips: Int, _ reader: inout ONNXReader) throws -> [Value] {
        let base = Int64(symbols.count + 1)
        let length = reader.builder.shape(rows)[1]
        let all = try reader.add1(Find(), [rows, reader.constant(symbols)])
        var result: [Value] = []
        for distance in 1...(skips + 1) {
            var numbers: Value?
            var elements = all
            if length.constant == nil {
                // Rows of any length go on with what is in no n-gram, so that there are as many windows of every length.
                let none = reader.constant(try Tensor([Int64(symbols.count)], shape: []))
                let behind = Dim(try Checked.multiply(distance, levels.count - 1))
                elements = try reader.add1(Pad(pads: [0, 0, 0, behind]), [all, none])
            }
            for (level, (keys, columns)) in levels.enumerated() {
                let windows = length.constant.map { Dim($0 - distance * level) } ?? length
                guard windows.constant ?? 1 > 0, !keys.isEmpty else { break }
                let last = try reader.slice(elements, axis: 1, from: distance * level, count: windows)
                var key = last
                if let before = numbers {
                    let kept = try reader.slice(before, axis: 1, from: 0, count: windows)
                    key = try reader.apply(.add, reader.apply(.mul, kept, reader.constant(Tensor([base], shape: []))), last)
                }
                let found = try reader.add1(Find(), [key, reader.constant(Tensor(keys, shape: [keys.count]))])
                numbers = found
                // Single elements are the same at every distance.
                if level + 1 < shortest || (level == 0 && distance > 1) { continue }
                let table = reader.constant(try Tensor(columns + [Int64(size)], shape: [columns.count + 1]))
                result.append(try reader.add1(Gather(axis: 0), [table, found]))
            }
        }
        return result
    }
}
