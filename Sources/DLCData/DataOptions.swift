import DLCTensor

/// How data are read, where the file does not say it.
public struct DataOptions: Sendable {
    /// For a field of the training, what is read into it: an array's name, columns of a table separated by commas (`a...d` for
    /// all from a to d, `*` for all others), or a part of a text (`tokens`, `targets`, `mask`).
    public var sources: [String: String] = [:]
    public var text = TextOptions()
    public var table = TableOptions()
    public var sound = SoundOptions()
    /// What the training part learned; validation data must be read with it.
    public var encoding: DataEncoding?
    /// Whether NaN and infinities may stand in float fields.
    public var allowsNonFinite = false

    public init() {}

    /// These options for a further part of the same data.
    public func following(_ training: any Dataset) -> DataOptions {
        var options = self
        options.encoding = training.encoding
        return options
    }
}
