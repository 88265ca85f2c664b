import DLCTensor

/// Joining and dividing strings.
enum TextMovement {
    /// Texts of a followed by those of b, after broadcasting (ONNX StringConcat).
    static func concat(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        let rank = max(a.rank, b.rank)
        let (x, y) = (padded(a.shape, to: rank), padded(b.shape, to: rank))
        let shape = try zip(x, y).map { extents in
            guard extents.0 == extents.1 || extents.0 == 1 || extents.1 == 1 else {
                throw DLCError("shapes \(a.shape) and \(b.shape) do not broadcast: \(extents.0) against \(extents.1)")
            }
            return extents.0 == 1 ? extents.1 : extents.0
        }
        let (first, second) = (try a.texts(), try b.texts())
        let (p, q) = (places(x, in: shape), places(y, in: shape))
        return try Tensor(texts: zip(p, q).map { first[$0] + second[$1] }, shape: shape)
    }

    private static func padded(_ shape: [Int], to rank: Int) -> [Int] { [Int](repeating: 1, count: rank - shape.count) + shape }

    /// Which element of a tensor of `shape` stands at each element of `target`, to which it broadcasts.
    private static func places(_ shape: [Int], in target: [Int]) -> [Int] {
        var places = [0]
        var stride = shape.reduce(1, *)
        for (extent, wanted) in zip(shape, target) {
            stride = extent == 0 ? 0 : stride / extent
            let step = extent == 1 ? 0 : stride
            places = places.flatMap { place in (0..<wanted).map { place + $0 * step } }
        }
        return places
    }

    /// The parts of each text along a new last dimension, filled up with empty texts, and how many parts it has (ONNX StringSplit).
    /// - Parameters:
    ///   - delimiter: empty for any run of white space, which then is taken off both ends too.
    ///   - most: the most splits; below 0 all.
    static func split(_ x: Tensor, at delimiter: String, most: Int) throws -> [Tensor] {
        let (mark, most) = (Array(delimiter.utf8), most < 0 ? Int.max : most)
        let parts = try x.mapStrings { mark.isEmpty ? words($0, most: most) : pieces($0, at: mark, most: most) }
        let width = parts.map(\.count).max() ?? 0
        _ = try Checked.multiply(x.count, Checked.multiply(width, 8))
        let filled = parts.flatMap { $0 + [[UInt8]](repeating: [], count: width - $0.count) }
        return [try Tensor(texts: filled, shape: x.shape + [width]), try Tensor(parts.map { Int64($0.count) }, shape: x.shape)]
    }

    private static func pieces(_ text: [UInt8], at mark: [UInt8], most: Int) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var start = 0
        var place = 0
        while parts.count < most, place <= text.count - mark.count {
            if text[place] == mark[0], text[place..<place + mark.count].elementsEqual(mark) {
                parts.append(Array(text[start..<place]))
                place += mark.count
                start = place
            } else {
                place += 1
            }
        }
        return parts + [Array(text[start...])]
    }

    private static func words(_ text: [UInt8], most: Int) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var start: Int?
        // Where the last part ends that is not white space.
        var end = 0
        var place = 0
        while place < text.count {
            let space = whiteSpace(text, at: place)
            if space > 0 {
                if let first = start, parts.count < most {
                    parts.append(Array(text[first..<place]))
                    start = nil
                }
                place += space
            } else {
                start = start ?? place
                place += 1
                end = place
            }
        }
        return start.map { parts + [Array(text[$0..<end])] } ?? parts
    }

    /// How many bytes of white space, as Unicode has it, begin at a place: of one character, or none.
    private static func whiteSpace(_ text: [UInt8], at place: Int) -> Int {
        let byte = text[place]
        if byte < 0x80 { return byte == 0x20 || (0x09...0x0d).contains(byte) || (0x1c...0x1f).contains(byte) ? 1 : 0 }
        guard byte >= 0xc2, byte <= 0xe3 else { return 0 }
        return spaces.first { text[place...].starts(with: $0) }?.count ?? 0
    }

    /// All beyond ASCII.
    private static let spaces: [[UInt8]] = {
        let codes: [UInt32] = [0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000] + Array(0x2000...0x200a)
        return codes.compactMap { Unicode.Scalar($0).map { Array(String(Character($0)).utf8) } }
    }()
}
