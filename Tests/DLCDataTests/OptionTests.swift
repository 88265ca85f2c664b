import DLCTensor
import Testing

@testable import DLCData

@Suite struct OptionsByName {
    @Test func everySettingCanBeSetAndWrongOnesAreNamed() throws {
        var options = DataOptions()
        let values = [
            "separator": "tab", "header": "no", "missing": "drop", "form": "pairs", "units": "byte-pairs", "lower-case": "yes",
            "vocabulary": "100", "least": "2", "length": "64", "stride": "8", "rate": "16000", "non-finite": "yes",
        ]
        #expect(Set(values.keys) == Set(DataOptions.settings.map(\.name)))
        for (name, value) in values { try options.set(name, value) }
        #expect(options.table.separator == "\t" && options.table.hasHeader == false && options.table.missing == .drop)
        #expect(options.text.form == .pairs && options.text.units == .bytePairs && options.text.lowercases)
        #expect(options.text.vocabularySize == 100 && options.text.leastCount == 2 && options.text.length == 64 && options.sound.hop == 8)
        #expect(options.sound.rate == 16000 && options.allowsNonFinite)
        for (name, value) in [("separator", ";;"), ("header", "maybe"), ("units", "letters"), ("length", "0"), ("colour", "red")] {
            let error = #expect(throws: DLCError.self) { try options.set(name, value) }
            #expect(try "\(#require(error))".contains("expected"))
        }
    }
}
