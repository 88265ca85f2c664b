import DLCTensor
import Testing

@testable import DLCData

@Suite struct Vocabularies {
    private static let text =
        "low low low low low lower lower newest newest newest newest newest newest widest widest widest\naaaa aaaaa aab\n"

    private func learned(_ units: Vocabulary.Units, size: Int? = nil, least: Int = 1) throws -> Vocabulary {
        var options = TextOptions()
        (options.units, options.vocabularySize, options.leastCount) = (units, size, least)
        var learner = VocabularyLearner(options)
        learner.add(Self.text)
        return try learner.vocabulary(isSequences: false)
    }

    /// The merges are those of `Tools/judges/data_figures.py`.
    @Test func bytePairsAreThePapers() throws {
        let vocabulary = try learned(.bytePairs, size: 15 + 24)
        #expect(
            vocabulary.merges.map { "\($0.left)+\($0.right)" } == [
                "e+s", "es+t", "a+a", "l+o", "lo+w", " +low", " +n", " n+e", " ne+w", " new+est", " +w", " w+i", " wi+d", " wid+est",
                " +aa", " low+e", " lowe+r",
            ])
        let numbers = try vocabulary.encode(Self.text)
        #expect(vocabulary.decode(numbers) == Self.text)
        #expect(numbers.count < 40)
        #expect(try vocabulary.decode(vocabulary.encode("  slow\n\n newer wow")) == "  slow\n\n newer wow")
        #expect(throws: DLCError.self) { try learned(.bytePairs, size: 13) }
        #expect(throws: DLCError.self) { try learned(.bytePairs) }
    }

    @Test func wordsAreTheMostFrequentFirst() throws {
        let vocabulary = try learned(.words)
        #expect(vocabulary.symbols == ["<unknown>", "newest", "low", "widest", "\n", "lower", "aaaa", "aaaaa", "aab"])
        #expect(try vocabulary.encode("low, low\n") == [2, 0, 2, 4])
        #expect(try learned(.words, size: 3).symbols == ["<unknown>", "newest", "low"])
        #expect(try learned(.words, least: 5).symbols == ["<unknown>", "newest", "low"])
        #expect(TextPieces.pieces("Don't stop (ever) 'now' 3x", .words) == ["Don't", "stop", "(", "ever", ")", "'", "now", "'", "3x"])
        #expect(try Vocabulary(units: .words, symbols: ["a", "b", "."]).decode([0, 1, 2, 0, 7]) == "a b. a")
    }

    @Test func symbolsAreScalarsInTheirOrder() throws {
        let vocabulary = try learned(.symbols)
        #expect(vocabulary.symbols == ["\n", " ", "a", "b", "d", "e", "i", "l", "n", "o", "r", "s", "t", "w"])
        let error = #expect(throws: DLCError.self) { try vocabulary.encode("ab\u{E9}") }
        #expect("\(try #require(error))".contains("column 3: 'é' (U+E9)"))
    }
}

@Suite struct TextDatasets {
    private let ids = [WantedField("tokens", .int64, [nil]), WantedField("targets", .int64, [nil])]

    @Test(arguments: [0, 1]) func windowsOfRunningText(overlapping: Int) throws {
        try withTemporaryFolder { folder in
            let path = try folder.write("abcabc\r\nabd", "a.txt")
            var options = DataOptions()
            options.text.stride = overlapping == 1 ? 1 : nil
            let data = try Datasets.open(
                path, wanting: [WantedField("x", .int32, [3]), WantedField("y", .int64, [3], classes: 5)], options: options)
            #expect(data.count == (overlapping == 1 ? 7 : 3) && data.isContinuous)
            #expect(data.encoding.vocabulary?.symbols == ["\n", "a", "b", "c", "d"])
            let batch = try data.batch([data.count - 1, 0])
            #expect(try batch["x"]?.numbers == [0, 1, 2, 1, 2, 3])
            #expect(try batch["y"]?.numbers == [1, 2, 4, 2, 3, 1])
            #expect(batch["x"]?.type == .int32)
            // A further text is read with the same symbols.
            let other = try folder.write("dcba\n", "b.txt")
            let following = try Datasets.open(
                other, wanting: [WantedField("x", .int64, [2]), WantedField("y", .int64, [2])], options: options.following(data))
            #expect(try following.batch([0])["x"]?.numbers == [4, 3])
        }
    }

    @Test func theValidationPartOfATextIsItsEnd() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write(String(repeating: "ab", count: 50) + "c", "a.txt")
            let data = try Datasets.open(path, wanting: [WantedField("x", .int64, [10])])
            let (training, validation) = try data.split(fraction: 0.2, seed: 1)
            #expect(training.count == 8 && validation.count == 2)
        }
    }

    @Test func paragraphsArePaddedToTheLongest() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write("X:1\nab\n\n\nX:2\na\n", "tunes.abc")
            let mask = WantedField("m", .float32, [nil])
            var options = DataOptions()
            options.sources = ["m": "mask"]
            let data = try Datasets.open(path, wanting: ids + [mask], options: options)
            #expect(data.count == 2)
            let vocabulary = try #require(data.encoding.vocabulary)
            #expect(vocabulary.symbols == ["<pad>", "<start>", "<end>", "\n", "1", "2", ":", "X", "a", "b"])
            #expect(try data.lengths() == [7, 6])
            let batch = try data.batch([1, 0])
            #expect(try batch["tokens"]?.numbers == [1, 7, 6, 5, 3, 8, 0, 1, 7, 6, 4, 3, 8, 9])
            #expect(try batch["targets"]?.numbers == [7, 6, 5, 3, 8, 2, 0, 7, 6, 4, 3, 8, 9, 2])
            #expect(try batch["m"]?.numbers == [1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1])
            #expect(try data.batch([1])["tokens"]?.shape == [1, 6])
            options.text.length = 3
            #expect(try Datasets.open(path, wanting: ids + [mask], options: options).batch([0])["targets"]?.numbers == [7, 6, 4])
        }
    }

    @Test func pairsHaveTwoVocabularies() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write("the cat\tkatze\na cat runs\tkatze läuft\n", "pairs.txt")
            var options = DataOptions()
            (options.text.form, options.text.units) = (.pairs, .words)
            let fields = [
                WantedField("source", .int64, [5]), WantedField("source_mask", .float32, [5]), WantedField("tokens", .int64, [nil]),
                WantedField("targets", .int64, [nil]), WantedField("n", .int64, []),
            ]
            let data = try Datasets.open(path, wanting: fields, options: options)
            #expect(data.encoding.vocabulary?.symbols == ["<pad>", "<start>", "<end>", "<unknown>", "cat", "a", "runs", "the"])
            #expect(data.encoding.targetVocabulary?.symbols == ["<pad>", "<start>", "<end>", "<unknown>", "katze", "läuft"])
            let batch = try data.batch([0, 1])
            #expect(try batch["source"]?.numbers == [7, 4, 2, 0, 0, 5, 4, 6, 2, 0])
            #expect(try batch["source_mask"]?.numbers == [1, 1, 1, 0, 0, 1, 1, 1, 1, 0])
            #expect(try batch["tokens"]?.numbers == [1, 4, 0, 1, 4, 5])
            #expect(try batch["targets"]?.numbers == [4, 2, 0, 4, 5, 2])
            #expect(try batch["n"]?.numbers == [2, 3])
            #expect(try data.lengths() == [3, 4])
        }
    }
}
