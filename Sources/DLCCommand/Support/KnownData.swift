import DLC
import DLCData

/// What a model's metadata say of the data that it learned from, so that other data are read as those were.
struct KnownData {
    /// Names of classes, as the model has them.
    let labels: [String]
    let encoding: DataEncoding
    let options: DataOptions

    /// - Parameters:
    ///   - readings: `--read`.
    ///   - sources: `--source`.
    init(_ metadata: [String: String], readings: [Setting], sources: [Setting], at model: String) throws {
        var options = DataOptions()
        for setting in readings { try located("--read") { try options.set(setting.name, setting.value) } }
        for source in sources { options.sources[source.name] = source.value }
        labels = Answer.labels(metadata["labels"])
        var encoding = try located(model) { try DataEncoding(metadata: metadata) }
        // The data's classes must be the model's, whatever their order in a folder.
        if encoding.classNames.isEmpty { encoding.classNames = labels }
        if encoding != DataEncoding() { options.encoding = encoding }
        (self.encoding, self.options) = (encoding, options)
    }
}
