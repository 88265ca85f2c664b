import DLCTensor

@testable import DLCData

extension BrokenInputs {
    static let pictures: [BrokenInput] = {
        let fields = [WantedField("image", .float32, [3, 4, 4]), WantedField("label", .int64, [], classes: 2)]
        let segments = [WantedField("image", .float32, [3, 3, 4]), WantedField("mask", .int64, [3, 4], classes: 3)]
        func set(
            _ name: String, _ files: [String: [UInt8]], says: String..., fields: [WantedField] = fields,
            options: DataOptions = DataOptions(), open: String = "s"
        ) -> BrokenInput {
            var input = BrokenInput("pictures: \(name)", fields: fields, options: options) { folder in
                for (name, bytes) in files { try folder.write(bytes, "s/\(name)") }
                return "\(folder.path)/\(open)"
            }
            input.says = says
            return input
        }
        let (png, jpeg, mask, grey) = (
            (try? decoded(PillowPictures.colour)) ?? [], (try? decoded(PillowPictures.jpeg)) ?? [],
            (try? decoded(PillowPictures.palette)) ?? [],
            (try? decoded(PillowPictures.greyMask)) ?? []
        )
        var known = DataOptions()
        known.encoding = DataEncoding(classNames: ["cat", "dog"])
        func idx(_ head: [UInt8], _ data: Int) -> [UInt8] { head + [UInt8](repeating: 0, count: data) }
        let mnist = [WantedField("x", .float32, [2, 2]), WantedField("y", .int64, [])]
        return [
            set("truncated PNG", ["cat/a.png": Array(png.dropLast(20))], says: "cat/a.png"),
            set("truncated JPEG", ["cat/a.jpg": Array(jpeg.prefix(jpeg.count / 2))], says: "cat/a.jpg"),
            set("no picture", ["cat/a.png": Array("hello".utf8)], says: "cat/a.png", "neither PNG nor JPEG"),
            set("empty file", ["cat/a.png": []], says: "cat/a.png"),
            set("no picture among files", ["cat/notes.txt": []], says: "cat/notes.txt", "is no picture"),
            set("a picture of a kind that is not read", ["cat/a.png": png, "cat/b.webp": []], says: "cat/b.webp", "not read"),
            set("a folder among pictures", ["cat/a.png": png, "cat/more/b.png": png], says: "cat/more", "is a folder"),
            set(
                "more classes than the model", ["a/a.png": png, "b/a.png": png, "c/a.png": png], says: "3 classes (a, b, c)",
                "the model has 2"),
            set("a class that training had not", ["cat/a.png": png, "cow/a.png": png], says: "s/cow", "cat, dog", options: known),
            set("a field that is no picture", ["a/a.png": png], says: "what is read into x", fields: [WantedField("x", .float32, [4])]),
            set("a picture of nothing", ["a/a.png": png], says: "empty", fields: [WantedField("image", .float32, [3, 0, 4])]),
            set(
                "a picture too large", ["a/a.png": png], says: "too large",
                fields: [WantedField("image", .float32, [3, 1 << 20, 1 << 20])]),
            set("a label for pictures without classes", ["a.png": png], says: "what is read into label", fields: fields),
            BrokenInput("pictures: an empty class", says: "s/dog", "empty folder", fields: fields) { folder in
                try folder.write(png, "s/cat/a.png")
                try folder.folder("s/dog")
                return "\(folder.path)/s"
            },
            set(
                "no mask", ["images/a.png": png, "images/b.png": png, "masks/a.png": mask], says: "b has a picture and no mask",
                fields: segments),
            set(
                "no picture for a mask", ["images/a.png": png, "masks/a.png": mask, "masks/c.png": mask],
                says: "c has a mask and no picture", fields: segments),
            set(
                "two pictures of a name", ["images/a.png": png, "images/a.jpg": jpeg, "masks/a.png": mask], says: "two pictures named a",
                fields: segments),
            set("a mask in colour", ["images/a.png": png, "masks/a.png": png], says: "masks/a.png", "no indices", fields: segments),
            set(
                "a mask of unknown class", ["images/a.png": png, "masks/a.png": grey], says: "masks/a.png", "row 0, column 2", "class 2",
                fields: [segments[0], WantedField("mask", .int64, [3, 4], classes: 2)]),
            set("a truncated mask", ["images/a.png": png, "masks/a.png": Array(mask.dropLast(30))], says: "masks/a.png", fields: segments),
            set("IDX: wrong magic", ["a.idx": [1, 0, 8, 1, 0, 0, 0, 0]], says: "no IDX file", "1 0 8 1", fields: mnist, open: "s/a.idx"),
            set("IDX: unknown type", ["a.idx": [0, 0, 7, 1, 0, 0, 0, 0]], says: "no IDX file", fields: mnist, open: "s/a.idx"),
            set(
                "IDX: truncated header", ["a.idx": [0, 0, 8, 3, 0, 0, 0, 1]],
                says: "inside the IDX header", fields: mnist, open: "s/a.idx"),
            set(
                "IDX: truncated", ["a.idx": idx([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2], 7)], says: "has 7 bytes", "has 8",
                fields: mnist, open: "s/a.idx"),
            set(
                "IDX: extents that overflow", ["a.idx": idx([0, 0, 14, 3] + [UInt8](repeating: 255, count: 12), 1)], says: "overflows",
                fields: mnist, open: "s/a.idx"),
            set(
                "MNIST: counts differ",
                [
                    "train-images-idx3-ubyte": idx([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2], 8),
                    "train-labels-idx1-ubyte": idx([0, 0, 8, 1, 0, 0, 0, 3], 3),
                ],
                says: "image has 2 examples and label has 3", fields: mnist),
            set(
                "MNIST: no labels", ["train-images-idx3-ubyte": idx([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2], 8)],
                says: "what is read into y", fields: mnist),
            set(
                "CIFAR: half a record", ["data_batch_1.bin": [UInt8](repeating: 0, count: 4000)], says: "4000 bytes", "3073", fields: fields
            ),
            set(
                "CIFAR: a label beyond its names",
                ["data_batch_1.bin": [2] + [UInt8](repeating: 0, count: 3072), "batches.meta.txt": Array("cat\ndog\n".utf8)],
                says: "example 0", "label is 2", fields: [WantedField("image", .float32, [3, 32, 32]), fields[1]]),
        ]
    }()
}
