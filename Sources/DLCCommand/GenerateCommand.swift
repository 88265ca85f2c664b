import ArgumentParser
import DLC
import DLCData
import DLCTensorFiles
import DLCTrain

/// `dlc generate`: text from a sequence model.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Go on with a text by a sequence model.",
        discussion: """
            A sequence model gives the logits [1, T, symbols] of the symbol after each one of i64[1, T]. One that keeps state reads a \
            symbol a run; one without, such as GPT, reads the last ones that fit into its context.

            What the symbols are is said by the model's metadata or its weight file (data.vocabulary, as dlc train writes it), by \
            --vocabulary, or by a list `symbols` in the metadata. Without any of these a prompt is numbers with commas between.

            EXAMPLES
              dlc generate char_lstm.dlm --weights best.safetensors --prompt 'ROMEO:' --length 500 --temperature 0.8
              dlc generate runs/gpt --prompt 'Once' --top-k 40 --seed 7
            """)

    @OptionGroup var source: SourceArgument

    @Option(help: "What the text begins with; where left out, the vocabulary's start or its first symbol, unseen.")
    var prompt: String?

    @Option(help: "The most symbols that are drawn.")
    var length = 200

    @Option(help: "Below 1 likely symbols become likelier; 0 takes the likeliest.")
    var temperature = 1.0

    @Option(help: "Draw from the K likeliest symbols only.")
    var topK: Int?

    @Option(help: "Draw from the fewest of the likeliest symbols only whose probabilities sum to P.")
    var topP: Double?

    @Option(help: "Another seed draws another text, and other parameters where no --weights give them.")
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("A file of the vocabulary.", valueName: "file"))
    var vocabulary: String?

    @Option(help: "The most symbols that a model without state reads; what its shapes allow where left out.")
    var context: Int?

    @OptionGroup var threads: ThreadOptions
    @OptionGroup var flags: CompileFlags

    func validate() throws {
        for (value, name) in [(length, "--length"), (topK ?? 1, "--top-k"), (context ?? 1, "--context")] where value < 1 {
            throw ValidationError("\(name) expects at least 1, found \(value)")
        }
        if !(temperature >= 0 && temperature.isFinite) { throw ValidationError("--temperature expects 0 or more, found \(temperature)") }
        if let topP, !(topP > 0 && topP <= 1) { throw ValidationError("--top-p expects a number above 0 and up to 1, found \(topP)") }
    }

    func run() throws {
        let path = ModelFile.network(of: source.model)
        try flags.check([path])
        let model = try ModelFile.ready(path, source.options(seed: seed), flags)
        try located(source.model) {
            let generator = try SequenceGenerator(model, context: context, threads: threads.threads)
            let vocabulary = try vocabulary(model.metadata)
            if let vocabulary, vocabulary.count > generator.symbols {
                throw DLCError("the vocabulary has \(vocabulary.count) symbols, the model \(generator.symbols)")
            }
            let end = vocabulary?.id(of: Vocabulary.end)
            let start = try beginning(vocabulary)
            let sampler = SymbolSampler(temperature: temperature, topK: topK, topP: topP)
            var drawn: [Int] = prompt == nil ? [] : start
            var shown = 0
            try generator.generate(start, length: length, sampler, seed: seed) { symbol in
                guard symbol != end else { return false }
                drawn.append(symbol)
                shown += Self.show(drawn, vocabulary, after: shown)
                return true
            }
            print("")
        }
    }

    /// Prints what the symbols add to the text that was printed before, of so many scalars.
    /// - Returns: how many scalars are printed now.
    private static func show(_ symbols: [Int], _ vocabulary: Vocabulary?, after shown: Int) -> Int {
        let text = vocabulary?.decode(symbols) ?? symbols.map(String.init).joined(separator: ",")
        let rest = String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(shown)))
        print(rest, terminator: "")
        Output.flush()
        return rest.unicodeScalars.count
    }

    private func beginning(_ vocabulary: Vocabulary?) throws -> [Int] {
        guard let prompt, !prompt.isEmpty else { return [vocabulary?.id(of: Vocabulary.start) ?? 0] }
        if let vocabulary { return try located("--prompt") { try vocabulary.encode(prompt) } }
        return try prompt.split(separator: ",").map { part in
            guard let symbol = Int(part.filter { $0 != " " }) else {
                throw DLCError(
                    "nothing says what the model's symbols are; name a --vocabulary, or give the prompt as numbers with commas between")
            }
            return symbol
        }
    }

    /// The vocabulary by the option, the model, or the weight file.
    private func vocabulary(_ metadata: [String: String]) throws -> Vocabulary? {
        if let path = vocabulary {
            return try located(path) {
                guard let text = String(validating: try FileBytes.read(path), as: UTF8.self) else { throw DLCError("is no text in UTF-8") }
                return try Vocabulary(text: text.hasSuffix("\n") ? String(text.dropLast()) : text)
            }
        }
        if let vocabulary = try DataEncoding(metadata: metadata).vocabulary { return vocabulary }
        guard let list = metadata["symbols"] else { return nil }
        let symbols = list.split(separator: list.contains("\n") ? "\n" : ",", omittingEmptySubsequences: false).map(String.init)
        return try Vocabulary(units: .symbols, symbols: symbols)
    }
}
