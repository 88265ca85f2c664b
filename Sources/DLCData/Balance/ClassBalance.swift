import DLCTensor

extension Dataset {
    /// A weight for each class that makes all classes count the same: n / (k · n_c) of n examples, k classes and n_c examples of
    /// the class (King and Zeng, Logistic regression in rare events data, 2001; scikit-learn's `balanced`); 0 for a class without examples.
    /// - Throws: where there are no classes.
    public func classWeights() throws -> [Double] {
        let counts = try countedClasses()
        let present = counts.filter { $0 > 0 }.count
        return counts.map { $0 == 0 ? 0 : Double(count) / (Double(present) * Double($0)) }
    }

    /// Every class as often as the most frequent one: its examples as often as that goes evenly, and of what is left a part drawn
    /// by the seed.
    /// - Throws: where there are no classes.
    public func oversampled(seed: UInt64) throws -> any Dataset {
        let most = try countedClasses().max() ?? 0
        let indices = try members().flatMap { label, members -> [Int] in
            let (times, rest) = most.quotientAndRemainder(dividingBy: members.count)
            return (0..<times).flatMap { _ in members } + drawn(rest, of: members, label, seed)
        }
        return try subset(indices, "(oversampled)")
    }

    /// Every class as often as the rarest one, its examples drawn by the seed.
    /// - Throws: where there are no classes.
    public func undersampled(seed: UInt64) throws -> any Dataset {
        let members = try members()
        let least = members.map(\.1.count).min() ?? 0
        return try subset(members.flatMap { drawn(least, of: $1, $0, seed) }.sorted(), "(undersampled)")
    }

    private func countedClasses() throws -> [Int] {
        guard let counts = try classCounts() else {
            throw DLCError("has no classes to balance; expected one field with a class for each example", at: [summary])
        }
        return counts
    }

    /// The examples of each class, in the order of the classes.
    func members() throws -> [(Int, [Int])] {
        guard let labels = try labels() else {
            throw DLCError("has no classes to balance; expected one field with a class for each example", at: [summary])
        }
        return Dictionary(grouping: labels.indices) { labels[$0] }.sorted { $0.key < $1.key }
    }

    private func drawn(_ count: Int, of members: [Int], _ label: Int, _ seed: UInt64) -> [Int] {
        let order = Permutation(count: members.count, seed: seed, stream: UInt32(truncatingIfNeeded: label), epoch: 1)
        return (0..<count).map { members[order[$0]] }
    }
}
