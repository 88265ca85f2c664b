import DLCTensor

/// Some examples of a data set, in an order of their own; one may be there several times.
struct Subset: Dataset {
    let base: any Dataset
    let indices: [Int]
    let summary: String

    var count: Int { indices.count }
    var fields: [DataField] { base.fields }
    var encoding: DataEncoding { base.encoding }
    var isContinuous: Bool { base.isContinuous }

    func labels() throws -> [Int]? { try base.labels().map { labels in indices.map { labels[$0] } } }
    func lengths() throws -> [Int]? { try base.lengths().map { lengths in indices.map { lengths[$0] } } }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        try check(indices)
        return try base.batch(indices.map { self.indices[$0] })
    }
}

extension Dataset {
    /// The examples at `indices`, in that order.
    /// - Throws: where there is no such example.
    public func subset(_ indices: [Int], _ name: String = "chosen") throws -> any Dataset {
        try check(indices)
        return Subset(base: self, indices: indices, summary: "\(indices.count) \(name) of \(summary)")
    }

    /// Two parts: of each class, a `fraction` of its examples drawn by the seed is the second, at least one where there are two.
    /// Where there are no classes the draw is over all; where neighbours overlap the second is the end.
    /// - Throws: where a part would be empty.
    public func split(fraction: Double, seed: UInt64) throws -> (training: any Dataset, validation: any Dataset) {
        guard fraction > 0, fraction < 1 else { throw DLCError("a part of \(fraction) is split off; expected more than 0 and less than 1") }
        guard count > 1 else { throw DLCError("\(summary): one example cannot be split") }
        func share(_ count: Int) -> Int { min(count - 1, max(1, Int((Double(count) * fraction).rounded()))) }
        var validation: [Int] = []
        if isContinuous {
            validation = Array(count - share(count)..<count)
        } else if let labels = try labels() {
            let classes = Dictionary(grouping: labels.indices) { labels[$0] }
            for (label, members) in classes.sorted(by: { $0.key < $1.key }) where members.count > 1 {
                let order = Permutation(count: members.count, seed: seed, stream: UInt32(truncatingIfNeeded: label), epoch: 0)
                validation += (0..<share(members.count)).map { members[order[$0]] }
            }
        } else {
            let order = Permutation(count: count, seed: seed, stream: 0, epoch: 0)
            validation = (0..<share(count)).map { order[$0] }
        }
        guard !validation.isEmpty else { throw DLCError("\(summary): no class has two examples, so none can be split off") }
        validation.sort()
        var isTaken = [Bool](repeating: false, count: count)
        for index in validation { isTaken[index] = true }
        let training = (0..<count).filter { !isTaken[$0] }
        return (try subset(training, "for training"), try subset(validation, "for validation"))
    }
}
