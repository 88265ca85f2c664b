import DLC
import DLCTensorFiles
import Testing

/// `dlc explain`, `dlc sample` and `dlc generate`.
@Suite struct ReportCommands {
    private func run(_ arguments: String..., in folder: Folder) throws -> String {
        let result = try Tool.run(arguments, in: folder)
        #expect(result.status == 0, "\(result.errors)")
        return result.output
    }

    private func expectError(_ words: String..., arguments: [String], in folder: Folder) throws {
        let result = try Tool.run(arguments, in: folder)
        #expect(result.status == 1 && result.errors.hasPrefix("error: "), "\(result.status): \(result.errors)")
        for word in words { #expect(result.errors.contains(word), "\(result.errors)") }
        #expect(!folder.contents.contains { $0.hasPrefix("out") })
    }

    private func isPNG(_ folder: Folder, _ name: String) throws -> Bool {
        try folder.bytes(name).starts(with: [0x89, 0x50, 0x4E, 0x47])
    }

    @Test(arguments: ["occlusion", "saliency", "guided", "gradcam", "integrated"])
    func everyMethodExplainsTheShippedModel(_ method: String) throws {
        let folder = try Folder()
        let output = try run(
            "explain", Shipped.digits, "--input", Shipped.picture("seven"), "--method", method, "--steps", "4", "-o", "heat.png",
            in: folder)
        #expect(output.contains("class 7") && output.contains("the best one"))
        #expect(try isPNG(folder, "heat.png"))
    }

    @Test func numbersAndNamesAndPicturesOfAModel() throws {
        let folder = try Folder()
        _ = try run(
            "explain", Shipped.digits, "--input", Shipped.picture("seven"), "--class", "3", "--method", "saliency", "-o", "heat.npy",
            in: folder)
        #expect(try NPY.read(folder.path("heat.npy")).shape == [1, 1, 8, 8])
        _ = try run("explain", Shipped.digits, "--filters", "-o", "filters.png", in: folder)
        _ = try run("explain", Shipped.digits, "--maximize", "--class", "3", "--steps", "3", "-o", "three.png", in: folder)
        #expect(try isPNG(folder, "filters.png") && isPNG(folder, "three.png"))
    }

    @Test func whatCannotBeExplainedIsSaid() throws {
        let folder = try Folder()
        let picture = ["--input", Shipped.picture("seven"), "--method", "saliency"]
        try expectError("no class cat", arguments: ["explain", Shipped.digits] + picture + ["--class", "cat", "-o", "out.png"], in: folder)
        try expectError(".png or .npy", arguments: ["explain", Shipped.digits] + picture + ["-o", "out.jpg"], in: folder)
        try expectError(
            "no layer nowhere",
            arguments: ["explain", Shipped.digits] + picture.dropLast() + ["gradcam", "--layer", "nowhere", "-o", "out.png"], in: folder)
        try folder.buildPair()
        try expectError("is compiled", arguments: ["explain", "pair.dlc"] + picture + ["-o", "out.png"], in: folder)
        try expectError("open extents", arguments: ["explain", "pair.dlir", "--maximize", "-o", "out.png"], in: folder)
        try folder.write("graph row(%x: f32[5]) -> (%y) {\n    %y: f32[5] = neg(%x)\n}\n", "row.dlir")
        try expectError("no input takes a picture", arguments: ["explain", "row.dlir", "--maximize", "-o", "out.png"], in: folder)
        try expectError("no convolution", arguments: ["explain", "pair.dlir", "--filters", "-o", "out.png"], in: folder)
    }

    private let decoder = """
        model Decoder(z: f32[N, 2]) { return image: z.dense(18, name: "a").sigmoid().reshape([N, 2, 3, 3])[:, 0:1] }

        """
    private let pixels = """
        model Pixels(image: f32[N, 1, 3, 4]) { return logits: image.maskedConv(5, kernel: 3, mask: "A", name: "a") }

        """

    @Test func samplesAreTheSameForASeedHoweverManyThereAre() throws {
        let folder = try Folder()
        try folder.write(decoder, "decoder.dlm")
        _ = try run("sample", "decoder.dlm", "--count", "20", "--seed", "5", "-o", "many.npy", in: folder)
        _ = try run("sample", "decoder.dlm", "--count", "3", "--seed", "5", "-o", "few.npy", in: folder)
        let (many, few) = (try NPY.read(folder.path("many.npy")), try NPY.read(folder.path("few.npy")))
        #expect(many.shape == [20, 1, 3, 3])
        let (first, all) = (try many.array(of: Float.self).prefix(27), try few.array(of: Float.self))
        for (a, b) in zip(first, all) { #expect(abs(a - b) < 1e-5) }
        _ = try run("sample", "decoder.dlm", "-o", "grid.png", in: folder)
        #expect(try isPNG(folder, "grid.png"))
    }

    @Test func pixelsAreDrawnOneByOne() throws {
        let folder = try Folder()
        try folder.write(pixels, "pixels.dlm")
        _ = try run("sample", "pixels.dlm", "--count", "2", "-o", "drawn.npy", in: folder)
        let drawn = try NPY.read(folder.path("drawn.npy"))
        #expect(drawn.shape == [2, 1, 3, 4])
        #expect(try drawn.doubles().allSatisfy { [0, 0.25, 0.5, 0.75, 1].contains($0) })
    }

    @Test func whatDrawsNoPicturesIsSaid() throws {
        let folder = try Folder()
        try expectError("is no generator of pictures", arguments: ["sample", Shipped.digits, "-o", "out.png"], in: folder)
        try folder.write(pixels.replacing("mask: \"A\"", with: "mask: \"B\""), "later.dlm")
        try expectError("ones that come later", arguments: ["sample", "later.dlm", "-o", "out.png"], in: folder)
        try folder.write("model Blur(image: f32[N, 1, 4, 4]) { return y: image.averagePool(3, stride: 1, padding: 1) }\n", "blur.dlm")
        try expectError("is no generator of pictures", arguments: ["sample", "blur.dlm", "-o", "out.png"], in: folder)
    }

    /// After each symbol comes the next one, of five.
    private let next = """
        model Next(symbols: i64[N, T]) {
            metadata "symbols": ["a", "b", "c", "d", "e"]
            return logits: 50 * ((symbols + 1) % 5).oneHot(5)
        }

        """
    /// The same with the last symbol as a state, that the prompt is to be read into.
    private let counting = """
        model Counting(symbols: i64[1, 1]) {
            state count: i64[1, 1]
            now = count + symbols
            next count = now
            return logits: 50 * (now % 5).oneHot(5)
        }

        """

    @Test func textGoesOnWithContextAndWithState() throws {
        let folder = try Folder()
        try folder.write(next, "next.dlm")
        #expect(try run("generate", "next.dlm", "--prompt", "cd", "--length", "6", in: folder) == "cdeabcde\n")
        #expect(try run("generate", "next.dlm", "--length", "3", "--top-k", "1", in: folder) == "bcd\n")
        try folder.write("symbols\na\nb\nc\nd\n\\n\n", "vocabulary.txt")
        #expect(
            try run("generate", "next.dlm", "--prompt", "c", "--length", "3", "--vocabulary", "vocabulary.txt", in: folder) == "cd\na\n")
        try folder.write(counting, "counting.dlm")
        // 3, then 3 + 3, 6 + 1 and 7 + 2 by 5.
        #expect(try run("generate", "counting.dlm", "--prompt", "1, 2", "--length", "4", in: folder) == "1,2,3,1,2,4\n")
    }

    @Test func whatGeneratesNoTextIsSaid() throws {
        let folder = try Folder()
        try folder.write(next, "next.dlm")
        try expectError("is no generator of sequences", arguments: ["generate", Shipped.digits, "--prompt", "1"], in: folder)
        try expectError("'x'", "5 symbols", arguments: ["generate", "next.dlm", "--prompt", "ax"], in: folder)
        try folder.write(counting, "counting.dlm")
        try expectError("as numbers", arguments: ["generate", "counting.dlm", "--prompt", "a"], in: folder)
        try expectError("symbol 9", arguments: ["generate", "counting.dlm", "--prompt", "9"], in: folder)
        try folder.write("klingon\na\n", "vocabulary.txt")
        try expectError("vocabulary.txt", "klingon", arguments: ["generate", "next.dlm", "--vocabulary", "vocabulary.txt"], in: folder)
    }
}
