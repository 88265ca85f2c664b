import DLC

/// Drawing pictures whose pixels each depend on those above and to the left, and each colour on those before it.
struct PixelLevels {
    let colours: Int
    let levels: Int
    let height: Int
    let width: Int
    private let mean: Double
    private let deviation: Double

    /// - Parameter input: `[colours, H, W]`.
    /// - Parameter output: `[levels, H, W]` with one colour, or `[colours, levels, H, W]`.
    init?(input: [Int], output: [Int], _ mean: Double, _ deviation: Double) {
        guard input.count == 3, input[0] == 1 || input[0] == 3, input[1] > 0, input[2] > 0,
            Array(output.suffix(2)) == Array(input.suffix(2))
        else { return nil }
        if output.count == 4, output[0] == input[0] {
            levels = output[1]
        } else if output.count == 3, input[0] == 1 {
            levels = output[0]
        } else {
            return nil
        }
        guard levels > 1 else { return nil }
        (colours, height, width) = (input[0], input[1], input[2])
        (self.mean, self.deviation) = (mean, deviation)
    }

    var shape: [Int] { [colours, height, width] }

    private func value(_ level: Int) -> Double { (Double(level) / Double(levels - 1) - mean) / deviation }

    /// Holds the model to what it is used for.
    /// - Throws: where levels of a pixel change with pixels that come later, beyond rounding.
    func check(_ batch: Int, _ run: ([Double]) throws -> Tensor) throws {
        var generator = SplitMix64(seed: 1)
        let size = colours * height * width
        func picture() -> [Double] { (0..<size).map { _ in value(Int(generator.next() % UInt64(levels))) } }
        let first = picture()
        var second = picture()
        let half = height * width / 2
        for place in second.indices where place % (height * width) < half { second[place] = first[place] }
        func logits(_ picture: [Double]) throws -> [Double] { try run(Array(repeatElement(picture, count: batch).joined())).doubles() }
        let (a, b) = (try logits(first), try logits(second))
        var (greatest, largest) = (0.0, 0.0)
        for place in 0..<colours * levels * height * width {
            largest = max(largest, abs(a[place]))
            let (pixel, colour) = (place % (height * width), place / (levels * height * width))
            // The first colour of the first pixel that differs must not see itself.
            if pixel < half || pixel == half && colour == 0 { greatest = max(greatest, abs(a[place] - b[place])) }
        }
        guard greatest <= 1e-3 * largest else {
            throw DLCError("is no generator of pictures: its output for a pixel depends on that pixel itself or on ones that come later")
        }
    }

    /// Pictures `[batch, colours, H, W]` of levels as 0…1, a run of the model for each colour of each pixel.
    func draw(
        _ batch: Int, _ generator: inout SplitMix64, progress: (Int) -> Void, _ run: ([Double]) throws -> Tensor
    ) throws -> Tensor {
        let plane = height * width
        var inputs = [Double](repeating: value(0), count: batch * colours * plane)
        var pictures = inputs
        let sampler = SymbolSampler()
        for pixel in 0..<plane {
            for colour in 0..<colours {
                progress(pixel * colours + colour)
                let logits = try run(inputs)
                try logits.converted(to: .float64).withElements(of: Double.self) { all in
                    for picture in 0..<batch {
                        let start = (picture * colours + colour) * levels * plane + pixel
                        let level = try sampler.draw((0..<levels).map { all[start + $0 * plane] }, generator.uniform())
                        inputs[(picture * colours + colour) * plane + pixel] = value(level)
                        pictures[(picture * colours + colour) * plane + pixel] = Double(level) / Double(levels - 1)
                    }
                }
            }
        }
        return try Tensor(doubles: pictures, type: .float32, shape: [batch] + shape)
    }
}
