import DLC
import DLCData

/// A format of data, and the ways in which it is read: what a training asks for, with which options.
struct DataFormat {
    /// The path of the file that is changed, and of what is opened, in a folder of its own.
    var file: String
    var opened: String
    var ways: [(fields: [WantedField], options: DataOptions)]
    /// Pictures that stand beside it unchanged.
    var others: [String] = []

    /// Opens the data in every way and reads a batch, the labels, the lengths and the statistics of each.
    func read(in folder: String) {
        for (fields, options) in ways {
            do {
                let data = try Datasets.open("\(folder)/\(opened)", wanting: fields, options: options)
                _ = try data.batch(Array(0..<min(data.count, 8)))
                _ = try (data.labels(), data.lengths(), data.classCounts())
                if data.count <= 1000 { _ = try Normalisation.measured(over: data) }
            } catch {
                _ = "\(error)"
            }
        }
    }
}

extension Loader {
    /// How data of this loader are read; nil where it is none of data.
    var data: DataFormat? { Self.formats[self] }

    private static let formats: [Loader: DataFormat] = {
        func options(_ change: (inout DataOptions) -> Void = { _ in }) -> DataOptions {
            var options = DataOptions()
            change(&options)
            return options
        }
        func text(_ form: TextOptions.Form?, _ units: Vocabulary.Units, most: Int? = nil) -> DataOptions {
            options { ($0.text.form, $0.text.units, $0.text.vocabularySize) = (form, units, most) }
        }
        func table(_ missing: TableOptions.Missing, header: Bool?) -> DataOptions {
            options {
                ($0.table.missing, $0.table.hasHeader) = (missing, header)
                if header != false { $0.sources = ["x": "a,b", "y": "c"] }
            }
        }
        let tokens = [WantedField("tokens", .int64, [3]), WantedField("targets", .int64, [3])]
        let open = [WantedField("tokens", .int64, [nil]), WantedField("targets", .int64, [nil]), WantedField("mask", .float32, [nil])]
        let numbers = [WantedField("x", .float32, [nil]), WantedField("y", .int64, [])]
        let picture = WantedField("image", .float32, [3, 4, 4])
        let boxes = [picture, WantedField("boxes", .float32, [nil, 4]), WantedField("classes", .int64, [nil])]
        let labelled = [WantedField("image", .float32, [3, 32, 32]), WantedField("label", .int64, [])]
        let tables = [
            (numbers, table(.refuse, header: nil)), (numbers, table(.mean, header: true)), (numbers, table(.drop, header: nil)),
            ([WantedField("x", .float32, [nil])], table(.mean, header: false)),
        ]
        let texts = [
            (tokens, text(nil, .symbols)), (tokens, text(nil, .bytePairs, most: 300)), (open, text(.lines, .words, most: 20)),
            (open, text(.paragraphs, .symbols)), (open, text(.pairs, .words)),
        ]
        return [
            .idx: DataFormat(
                file: "a.idx", opened: "a.idx",
                ways: (0..<4).map { ([WantedField("x", .float32, [Int?](repeating: nil, count: $0))], options()) }),
            .cifar: DataFormat(file: "a.bin", opened: "a.bin", ways: [(labelled, options())]),
            .csv: DataFormat(file: "a.csv", opened: "a.csv", ways: tables),
            .gz: DataFormat(file: "a.csv.gz", opened: "a.csv.gz", ways: tables),
            .wav: DataFormat(
                file: "a.wav", opened: "a.wav",
                ways: [
                    ([WantedField("x", .float32, [2])], options()),
                    ([WantedField("x", .float32, [nil])], options { $0.sound.length = 3 }),
                ]),
            .txt: DataFormat(file: "a.txt", opened: "a.txt", ways: texts),
            .abc: DataFormat(file: "a.abc", opened: "a.abc", ways: [(tokens, options()), (open, options())]),
            .coco: DataFormat(file: "a.json", opened: "a.json", ways: [(boxes, options())], others: ["a.png", "b.png"]),
            .yolo: DataFormat(file: "s/labels/a.txt", opened: "s", ways: [(boxes, options())], others: ["s/images/a.png"]),
            .mask: DataFormat(
                file: "s/masks/a.png", opened: "s", ways: [([picture, WantedField("mask", .int64, [4, 4])], options())],
                others: ["s/images/a.png"]),
        ]
    }()
}
