import DLCTensor
import Testing

@testable import DLCData

/// Example i holds i; some cannot be read.
private struct Numbers: Dataset {
    let summary = "numbers"
    let count: Int
    var broken: Set<Int> = []
    var fields: [DataField] { [DataField("x", .float32, [], .numbers)] }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        if let bad = indices.first(where: broken.contains) { throw DLCError("example \(bad) is broken") }
        return ["x": try Tensor(indices.map(Float.init), shape: [indices.count])]
    }
}

@Suite struct ExampleOrders {
    @Test(arguments: [0, 1, 2, 3, 7, 64, 1000, 4097]) func bothFormsArePermutations(count: Int) {
        for stored in [Permutation.storedCount, 0] {
            let order = Permutation(count: count, seed: 7, stream: 3, epoch: 2, storedCount: stored)
            #expect(Set((0..<count).map { order[$0] }) == Set(0..<count))
        }
    }

    /// As `Tools/judges/data_figures.py` computes it.
    @Test func orderIsThatOfTheReference() {
        let order = Permutation(count: 10, seed: 42, stream: 0xFFFF_0001, epoch: 1)
        #expect((0..<10).map { order[$0] } == [4, 3, 0, 7, 6, 8, 2, 5, 1, 9])
        let network = Permutation(count: 10, seed: 42, stream: 0xFFFF_0001, epoch: 1, storedCount: 0)
        #expect((0..<10).map { network[$0] } == [1, 4, 5, 6, 3, 8, 0, 2, 9, 7])
    }

    @Test func everyPlaceIsEquallyLikely() {
        for stored in [Permutation.storedCount, 0] {
            var counts = [[Int]](repeating: [Int](repeating: 0, count: 5), count: 5)
            for epoch in 0..<4000 {
                let order = Permutation(count: 5, seed: 1, stream: 0, epoch: epoch, storedCount: stored)
                for place in 0..<5 { counts[place][order[place]] += 1 }
            }
            // 800 expected, a deviation of 25; chi squared with 16 degrees of freedom is above 46 once in ten thousand.
            let chi = counts.joined().reduce(0.0) { $0 + Double(($1 - 800) * ($1 - 800)) / 800 }
            #expect(chi < 46)
        }
    }
}

@Suite struct BatchesOfADataset {
    private func indices(_ batches: Batches, most: Int = .max) throws -> [[Int]] {
        var result: [[Int]] = []
        while result.count < most, let batch = try batches.next() {
            #expect(try batch.tensors["x"]?.numbers == batch.indices.map(Double.init))
            result.append(batch.indices)
        }
        return result
    }

    @Test func epochsEndAndDiffer() throws {
        let batches = try Batches(Numbers(count: 10), .init(batchSize: 4, order: .shuffled(seed: 5)))
        let first = try indices(batches)
        #expect(batches.position == .init(epoch: 1))
        let second = try indices(batches)
        #expect(first.map(\.count) == [4, 4, 2] && first.joined().sorted() == Array(0..<10))
        #expect(second.joined().sorted() == Array(0..<10) && second != first)
    }

    @Test(arguments: [(1, 1), (2, 3), (4, 16)]) func threadsDoNotChangeTheOrder(threads: Int, ahead: Int) throws {
        let one = try Batches(Numbers(count: 1003), .init(batchSize: 16, order: .shuffled(seed: 9)))
        let many = try Batches(Numbers(count: 1003), .init(batchSize: 16, order: .shuffled(seed: 9), threads: threads, ahead: ahead))
        for _ in 0..<3 { #expect(try indices(one) == indices(many)) }
    }

    @Test func aResumedRunSeesTheRest() throws {
        let options = Batches.Options(batchSize: 3, order: .shuffled(seed: 2), threads: 2)
        let whole = try Batches(Numbers(count: 20), options)
        _ = try indices(whole)
        _ = try indices(whole, most: 2)
        let place = whole.position
        #expect(place == .init(epoch: 1, batch: 2))
        let rest = try indices(whole)
        let resumed = try Batches(Numbers(count: 20), options, at: place)
        #expect(try indices(resumed) == rest)
        try whole.seek(to: place)
        #expect(try indices(whole) == rest)
    }

    @Test func partBatchIsKeptOrDropped() throws {
        let kept = try Batches(Numbers(count: 7), .init(batchSize: 3, order: .sequential))
        let dropped = try Batches(Numbers(count: 7), .init(batchSize: 3, order: .sequential, keepsPartBatch: false))
        #expect(try indices(kept) == [[0, 1, 2], [3, 4, 5], [6]])
        #expect(try indices(dropped) == [[0, 1, 2], [3, 4, 5]])
        #expect(throws: DLCError.self) { try Batches(Numbers(count: 2), .init(batchSize: 3, order: .sequential, keepsPartBatch: false)) }
        #expect(throws: DLCError.self) { try Batches(Numbers(count: 0), .init(batchSize: 3, order: .sequential)) }
        #expect(throws: DLCError.self) { try kept.seek(to: .init(epoch: 0, batch: 4)) }
        #expect(throws: DLCError.self) { try kept.seek(to: .init(epoch: .max, batch: 0)) }
    }

    @Test func anErrorComesWithItsBatchAlone() throws {
        let batches = try Batches(Numbers(count: 9, broken: [4]), .init(batchSize: 3, order: .sequential, threads: 2))
        #expect(try batches.next()?.indices == [0, 1, 2])
        #expect(throws: DLCError.self) { try batches.next() }
        #expect(try batches.next()?.indices == [6, 7, 8])
        #expect(try batches.next() == nil)
    }

    @Test func nothingIsReadAfterClosing() throws {
        let batches = try Batches(Numbers(count: 9), .init(batchSize: 1, order: .sequential, threads: 3, ahead: 2))
        _ = try batches.next()
        batches.close()
        batches.close()
        #expect(throws: DLCError.self) { try batches.next() }
    }

    @Test func partsAreStratifiedAndDisjoint() throws {
        struct Labelled: Dataset {
            let summary = "labelled"
            var count: Int { 30 }
            var fields: [DataField] { [] }
            func labels() -> [Int]? { (0..<30).map { $0 < 20 ? 0 : $0 < 29 ? 1 : 2 } }
            func batch(_ indices: [Int]) -> [String: Tensor] { [:] }
        }
        let (training, validation) = try Labelled().split(fraction: 0.2, seed: 3)
        #expect(try validation.classCounts() == [4, 2])
        #expect(try training.classCounts() == [16, 7, 1])
        #expect(throws: DLCError.self) { try Labelled().split(fraction: 1, seed: 3) }
    }
}

extension Batch: Equatable {
    public static func == (a: Batch, b: Batch) -> Bool { a.epoch == b.epoch && a.index == b.index && a.indices == b.indices }
}
