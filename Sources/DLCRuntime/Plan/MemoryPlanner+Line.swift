extension MemoryPlanner {
    /// What is placed first among the buffers that fit.
    enum Preference: CaseIterable {
        case longest, largest
    }

    /// An order from the bottom up: the line of heights that buffers reach at each step begins flat; into its lowest stretch goes
    /// the buffer that is preferred among those which live within it, and where there is none the stretch rises to its lower
    /// neighbour (the best-fit heuristic of Sekiyama, Imai, Negishi and Kawachiya, "Profile-guided memory optimization for deep
    /// neural networks", 2018). Trainings need it: what is saved for the backward part nests, and an order by size leaves steps between.
    ///
    /// Placed in this order, no buffer ends up higher than the line had it.
    static func byLine(_ lifetimes: [Lifetime], _ sizes: [Int], _ preference: Preference) -> [Int] {
        func length(_ index: Int) -> Int { lifetimes[index].lastStep - lifetimes[index].firstStep }
        func comes(_ a: Int, before b: Int) -> Bool {
            let (long, large) = (length(a) - length(b), sizes[a] - sizes[b])
            let (first, second) = preference == .longest ? (long, large) : (large, long)
            return first != 0 ? first > 0 : second != 0 ? second > 0 : a < b
        }
        var left = lifetimes.indices.filter { sizes[$0] > 0 }.sorted(by: comes).map { Waiting($0, lifetimes[$0]) }
        var line = [Stretch(first: 0, last: lifetimes.map(\.lastStep).max() ?? 0, height: 0)]
        var order: [Int] = []
        order.reserveCapacity(lifetimes.count)
        while !left.isEmpty {
            var lowest = 0
            for index in line.indices where line[index].height < line[lowest].height { lowest = index }
            let stretch = line[lowest]
            let fitting = left.firstIndex { $0.firstStep >= stretch.first && $0.lastStep <= stretch.last }
            var parts: [Stretch]
            if let fitting {
                let life = left.remove(at: fitting)
                order.append(life.buffer)
                parts = [
                    Stretch(first: stretch.first, last: life.firstStep - 1, height: stretch.height),
                    Stretch(first: life.firstStep, last: life.lastStep, height: stretch.height + sizes[life.buffer]),
                    Stretch(first: life.lastStep + 1, last: stretch.last, height: stretch.height),
                ].filter { $0.first <= $0.last }
            } else {
                let neighbours = [lowest - 1, lowest + 1].filter(line.indices.contains).map { line[$0].height }
                guard let height = neighbours.min() else { break }
                parts = [Stretch(first: stretch.first, last: stretch.last, height: height)]
            }
            // Neighbours of one height are one stretch.
            var range = lowest..<lowest + 1
            if lowest > 0, line[lowest - 1].height == parts[0].height {
                parts[0].first = line[lowest - 1].first
                range = lowest - 1..<range.upperBound
            }
            if lowest + 1 < line.count, line[lowest + 1].height == parts[parts.count - 1].height {
                parts[parts.count - 1].last = line[lowest + 1].last
                range = range.lowerBound..<lowest + 2
            }
            line.replaceSubrange(range, with: parts)
        }
        return order + left.map(\.buffer) + lifetimes.indices.filter { sizes[$0] == 0 }
    }

    /// A buffer without a place.
    private struct Waiting {
        let buffer: Int
        let firstStep: Int
        let lastStep: Int

        init(_ buffer: Int, _ lifetime: Lifetime) { (self.buffer, firstStep, lastStep) = (buffer, lifetime.firstStep, lifetime.lastStep) }
    }

    /// Steps at which buffers reach up to one height.
    private struct Stretch {
        var first: Int
        var last: Int
        var height: Int
    }
}
