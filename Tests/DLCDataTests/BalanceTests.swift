import DLCTensor
import DLCTensorFiles
import Testing

@testable import DLCData

@Suite struct BalancedClasses {
    private func data(_ folder: TemporaryFolder, _ labels: [Int]) throws -> any Dataset {
        let x = labels.indices.flatMap { [Float(($0 * 7) % 11), Float(($0 * 5) % 13)] }
        let path = try folder.path("a.npz")
        try NPZ.write([("x", Tensor(x, shape: [labels.count, 2])), ("y", Tensor(labels, shape: [labels.count]))], to: path)
        return try Datasets.open(path, wanting: [WantedField("x", .float32, [2]), WantedField("y", .int64, [])])
    }

    /// scikit-learn: compute_class_weight("balanced", classes=[0, 1, 2], y=…).
    @Test func weightsAreScikitLearns() throws {
        try withTemporaryFolder { folder in
            let weights = try data(folder, [0, 0, 0, 0, 0, 0, 1, 1, 1, 2]).classWeights()
            for (a, b) in zip(weights, [0.55555556, 1.11111111, 3.33333333]) { #expect(abs(a - b) < 1e-8) }
        }
    }

    @Test func samplingEvensTheClasses() throws {
        try withTemporaryFolder { folder in
            let labels = [0, 1, 0, 0, 2, 0, 1, 0, 0, 1]
            let data = try data(folder, labels)
            let over = try data.oversampled(seed: 4)
            #expect(try over.classCounts() == [6, 6, 6])
            let under = try data.undersampled(seed: 4)
            #expect(try under.classCounts() == [1, 1, 1])
            #expect(try under.batch([0, 1, 2])["y"]?.numbers.sorted() == [0, 1, 2])
            #expect(throws: DLCError.self) {
                try Datasets.open("\(folder.path)/a.npz", wanting: [WantedField("x", .float32, [2])]).oversampled(seed: 1)
            }
        }
    }

    @Test func madeExamplesLieBetweenNeighbours() throws {
        try withTemporaryFolder { folder in
            let labels = (0..<60).map { $0 % 10 == 3 ? 1 : 0 }
            let data = try data(folder, labels)
            let made = try data.interpolated(neighbours: 2, seed: 8)
            #expect(try made.classCounts() == [54, 54] && made.count == 108)
            let rare = labels.indices.filter { labels[$0] == 1 }
            let points = try data.batch(rare)["x"]?.numbers ?? []
            let found = try made.batch(Array(60..<108))
            #expect(try found["y"]?.numbers.allSatisfy { $0 == 1 } == true)
            let new = try #require(found["x"]).numbers
            func point(_ values: [Double], _ index: Int) -> (Double, Double) { (values[2 * index], values[2 * index + 1]) }
            func distance(_ a: (Double, Double), _ b: (Double, Double)) -> Double {
                ((a.0 - b.0) * (a.0 - b.0) + (a.1 - b.1) * (a.1 - b.1)).squareRoot()
            }
            for index in 0..<48 {
                let p = point(new, index)
                // On a line from one example to one of its two nearest: the distances to both ends add up to the line's length.
                let isBetween = rare.indices.contains { one in
                    let near = rare.indices.filter { $0 != one }.sorted {
                        distance(point(points, one), point(points, $0)) < distance(point(points, one), point(points, $1))
                    }
                    return near.prefix(2).contains { other in
                        let (a, b) = (point(points, one), point(points, other))
                        return abs(distance(a, p) + distance(p, b) - distance(a, b)) < 1e-5
                    }
                }
                #expect(isBetween)
            }
            #expect(throws: DLCError.self) { try self.data(folder, [0, 0, 1]).interpolated(seed: 1) }
        }
    }
}

@Suite struct Buckets {
    private struct Sequences: Dataset {
        let summary = "sequences"
        let count = 1000
        var fields: [DataField] { [] }
        func lengths() -> [Int]? { (0..<1000).map { ($0 * 37) % 101 } }
        func batch(_ indices: [Int]) -> [String: Tensor] { [:] }
    }

    @Test func aBatchHasAboutOneLength() throws {
        let lengths = Sequences().lengths() ?? []
        let batches = try Batches(Sequences(), .init(batchSize: 16, order: .buckets(seed: 1), threads: 2))
        var (seen, first): ([Int], [Int]) = ([], [])
        var padding = 0
        while let batch = try batches.next() {
            seen += batch.indices
            let longest = batch.indices.map { lengths[$0] }.max() ?? 0
            padding += batch.indices.reduce(0) { $0 + longest - lengths[$1] }
            first.append(longest)
        }
        #expect(seen.sorted() == Array(0..<1000))
        #expect(Double(padding) < 0.03 * Double(lengths.reduce(0, +)))
        #expect(first != first.sorted())
        #expect(throws: DLCError.self) {
            struct Plain: Dataset {
                let summary = "", count = 3
                var fields: [DataField] { [] }
                func batch(_ indices: [Int]) -> [String: Tensor] { [:] }
            }
            return try Batches(Plain(), .init(batchSize: 1, order: .buckets(seed: 1)))
        }
    }
}

@Suite struct EncodingsInMetadata {
    @Test func comeBackAsTheyWere() throws {
        var encoding = DataEncoding(
            classNames: ["a", "b\nc", "\\"], categories: ["colour of it": ["", "red\r"]], fills: ["x": 0.1],
            vocabulary: try Vocabulary(units: .symbols, symbols: ["\n", " ", "\t", "ä"]),
            targetVocabulary: try Vocabulary(
                units: .bytePairs, symbols: ["a", "b", "ab"], merges: [.init(left: "a", right: "b")], lowercases: true))
        encoding.columns = ["x": ["a", "b, c"]]
        #expect(try DataEncoding(metadata: encoding.metadata) == encoding)
        #expect(try DataEncoding(metadata: ["other": "x", "x.mean": "1"]) == DataEncoding())
        for (key, value) in [
            ("data.fill.x", "much"), ("data.classes", "a\\x"), ("data.vocabulary", "letters\na"), ("data.vocabulary", "words\na\na"),
            ("data.vocabulary", "byte-pairs\na\n\nb"),
        ] {
            #expect(throws: DLCError.self) { try DataEncoding(metadata: [key: value]) }
        }
    }
}
