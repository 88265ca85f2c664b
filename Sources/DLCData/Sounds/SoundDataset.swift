import DLCTensor

/// How sounds become examples.
public struct SoundOptions: Sendable, Equatable {
    /// Samples a second that files must have; nil takes those of the first.
    public var rate: Int?
    /// Samples of a frame where the field leaves it open.
    public var length: Int?
    /// Samples from the beginning of a frame to that of the next; nil: frames do not overlap.
    public var hop: Int?

    public init() {}
}

/// Sounds in WAVE files, all channels mixed to one.
///
/// In folders of classes a file is an example, filled up with silence or cut to the field's length; sources are `samples`, `label`, `mask`
/// and `length`. Without classes frames of all files are examples of `samples`; what is left behind the last whole frame is
/// not used.
struct SoundDataset: Dataset {
    let summary: String
    let count: Int
    let fields: [DataField]
    let encoding: DataEncoding
    let isContinuous: Bool
    private let files: [WAVFile]
    private let classes: [Int]?
    /// Frames of the files up to each.
    private let ends: [Int]
    private let length: Int
    private let hop: Int
    private let columns: [(source: Source, field: DataField, label: FieldConversion?)]

    private enum Source: String, FieldSource {
        case samples, label, mask, length
        var name: String { rawValue }
        var description: String { rawValue }

        func fits(_ wanted: WantedField) -> Bool {
            switch self {
            case .samples: wanted.type.isFloat && (wanted.shape.count == 1 || wanted.shape.count == 2 && wanted.shape.contains(1))
            case .mask: wanted.shape.count == 1 && !wanted.type.isInteger
            case .label, .length: wanted.shape.isEmpty && wanted.type.isInteger
            }
        }
    }

    init(_ path: String, files paths: [String], folders: [String], wanting wanted: [WantedField], _ options: DataOptions) throws {
        var encoding = options.encoding ?? DataEncoding()
        if !folders.isEmpty, encoding.classNames.isEmpty { encoding.classNames = folders }
        var (files, classes): ([WAVFile], [Int]) = ([], [])
        for folder in folders {
            let place = Folder.join(path, folder)
            let names = try Folder.names(in: place)
            guard !names.isEmpty else { throw DLCError("is an empty folder; expected sounds", at: [place]) }
            if let odd = names.first(where: { Folder.kind(of: $0) != "wav" }) {
                throw DLCError("is no sound; expected .wav", at: [Folder.join(place, odd)])
            }
            guard let index = encoding.classNames.firstIndex(of: folder) else {
                throw DLCError("is a class that the training data have not: \(Datasets.listed(encoding.classNames))", at: [place])
            }
            files += try names.map { try WAVFile(Folder.join(place, $0)) }
            classes += [Int](repeating: index, count: names.count)
        }
        if folders.isEmpty { files = try paths.map { try WAVFile($0) } }
        guard let rate = options.sound.rate ?? files.first?.rate else { throw DLCError("holds no sounds", at: [path]) }
        if let odd = files.first(where: { $0.rate != rate }) {
            throw DLCError("has \(odd.rate) samples a second; expected \(rate)", at: [odd.file.path])
        }
        let sources: [Source] = folders.isEmpty ? [.samples] : [.samples, .label, .mask, .length]
        let chosen = try located(path) { try FieldMatching.assign(wanted, from: sources, names: options.sources) }
        let lengths = zip(wanted, chosen).compactMap { field, index in
            [.samples, .mask].contains(sources[index]) ? field.shape.compactMap { $0 == 1 && field.shape.count > 1 ? nil : $0 }.first : nil
        }
        guard let length = lengths.first ?? options.sound.length, length > 0, lengths.allSatisfy({ $0 == length }), length <= 1 << 28 else {
            throw DLCError(
                lengths.isEmpty
                    ? "how many samples has an example? Give the length of sounds"
                    : "the fields ask for \(lengths) samples; expected one length above 0", at: [path])
        }
        columns = try zip(wanted, chosen).map { field, index in
            let source = sources[index]
            guard source.fits(field) else { throw DLCError("the field \(field.description) cannot hold \(source.rawValue)", at: [path]) }
            if source == .label {
                let label = try ClassField.conversion(field, classNames: encoding.classNames, at: path)
                return (source, label.field, label)
            }
            let content: FieldContent = source == .samples ? .samples : source == .mask ? .mask : .numbers
            return (source, DataField(field.name, field.type, field.shape.map { $0 ?? length }, content), nil)
        }
        hop = options.sound.hop ?? length
        guard hop > 0 else { throw DLCError("frames \(hop) samples apart; expected at least 1", at: [path]) }
        var frames = 0
        ends = files.map { [hop] file in
            frames += folders.isEmpty ? (file.count >= length ? (file.count - length) / hop + 1 : 0) : 1
            return frames
        }
        guard frames > 0 else { throw DLCError("its sounds are shorter than \(length) samples", at: [path]) }
        (self.files, self.length, self.encoding, count) = (files, length, encoding, frames)
        self.classes = folders.isEmpty ? nil : classes
        isContinuous = folders.isEmpty
        fields = columns.map(\.field)
        summary = "\(frames) \(folders.isEmpty ? "frames" : "sounds") of \(length) samples at \(rate) Hz in \(path)"
    }

    func labels() -> [Int]? { classes }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        try check(indices)
        let places = indices.map { index -> (file: Int, start: Int) in
            // The first file that ends behind the frame.
            var (low, high) = (0, ends.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if ends[middle] > index { high = middle } else { low = middle + 1 }
            }
            return (low, classes == nil ? (index - (low == 0 ? 0 : ends[low - 1])) * hop : 0)
        }
        var tensors: [String: Tensor] = [:]
        for (source, field, label) in columns {
            let shape = [indices.count] + field.shape.compactMap { $0 }
            let real = places.map { min(length, files[$0.file].count) }
            let tensor: Tensor =
                switch source {
                case .samples: try Tensor(places.flatMap { try files[$0.file].samples($0.start, count: length) }, shape: shape)
                case .mask: try Tensor(real.flatMap { count in (0..<length).map { $0 < count ? 1 as Float : 0 } }, shape: shape)
                case .length: try Tensor(real, shape: shape)
                case .label: try Tensor(indices.map { Int64(classes?[$0] ?? 0) }, shape: shape)
                }
            tensors[field.name] =
                try label?.convert(tensor, shape: []) { files[places[$0].file].file.path } ?? tensor.converted(to: field.type)
        }
        return tensors
    }
}
