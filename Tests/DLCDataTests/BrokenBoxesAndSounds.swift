import DLCTensor
import Foundation

@testable import DLCData

extension BrokenInputs {
    static let boxesAndSounds: [BrokenInput] = {
        let (png, sound) = ((try? decoded(PillowPictures.colour)) ?? [], (try? decoded(Sounds.pcm16Stereo)) ?? [])
        let boxed = [
            WantedField("image", .float32, [3, 8, 10]), WantedField("boxes", .float32, [1, 4]),
            WantedField("classes", .int64, [1], classes: 2),
        ]
        let sounds = [WantedField("x", .float32, [3])]
        func coco(_ name: String, _ old: String, _ new: String, says: String..., fields: [WantedField] = boxed) -> BrokenInput {
            let text = old.isEmpty ? new : BoxedPictureSets.coco.replacingOccurrences(of: old, with: new)
            var input = BrokenInput("COCO: \(name)", fields: fields) { folder in
                for name in ["a", "b"] { try folder.write(png, "\(name).png") }
                return try folder.write(text, "c.json")
            }
            input.says = says
            return input
        }
        func yolo(_ name: String, _ text: String, says: String..., classes: String? = "cat\ndog") -> BrokenInput {
            var input = BrokenInput("YOLO: \(name)", fields: boxed) { folder in
                try folder.write(png, "s/images/a.png")
                try folder.write(text, "s/labels/a.txt")
                if let classes { try folder.write(classes, "s/classes.txt") }
                return "\(folder.path)/s"
            }
            input.says = says
            return input
        }
        func wav(_ name: String, says: String..., change: @escaping @Sendable (inout [UInt8]) -> Void) -> BrokenInput {
            var input = BrokenInput("WAVE: \(name)", fields: sounds) { folder in
                var bytes = sound
                change(&bytes)
                return try folder.write(bytes, "a.wav")
            }
            input.says = says
            return input
        }
        return [
            coco("no JSON", "", "hello", says: "c.json", "`hello`"),
            coco("ends early", "\"categories\"", "\u{1}", says: "c.json"),
            coco("another format", "", "{\"a\": 1}", says: "has no images"),
            coco("nested without end", "", String(repeating: "[", count: 100_000), says: "c.json"),
            coco("values nested without end", "", "{\"a\": " + String(repeating: "[", count: 100_000), says: "64 deep"),
            coco(
                "unknown picture", "\"image_id\": 7, \"category_id\": 3", "\"image_id\": 8, \"category_id\": 3", says: "annotations[1]",
                "picture 8"),
            coco(
                "unknown category", "\"category_id\": 3, \"bbox\": [0, 0, 5", "\"category_id\": 4, \"bbox\": [0, 0, 5",
                says: "annotations[1]", "category 4", "cat, dog"),
            coco("two categories of an id", "{\"id\": 3, \"name\"", "{\"id\": 18, \"name\"", says: "categories[1]", "id 18"),
            coco("two pictures of an id", "{\"id\": 7, \"file", "{\"id\": 9, \"file", says: "images[1]", "id 9"),
            coco("a box of no width", "[1, 1, 2, 3]", "[1, 1, 0, 3]", says: "annotations[0]", "within 5.0 × 4.0"),
            coco("a box outside", "[1, 1, 2, 3]", "[1, 1, 9, 3]", says: "annotations[0]"),
            coco("a box of three numbers", "[1, 1, 2, 3]", "[1, 1, 2]", says: "annotations[0]", "four numbers"),
            coco("an id that is no integer", "\"id\": 18, \"name\"", "\"id\": 1e300, \"name\"", says: "categories[0]", "whole number"),
            coco("no picture", "b.png", "q.png", says: "no picture q.png"),
            coco("too many boxes", "", BoxedPictureSets.coco, says: "a.png", "has 2 boxes", "at most 1"),
            coco(
                "more classes than the model", "", BoxedPictureSets.coco, says: "2 classes (cat, dog)", "the model has 1",
                fields: [boxed[0], WantedField("classes", .int64, [nil], classes: 1)]),
            yolo("a column too few", "0 0.5 0.5 1\n", says: "labels/a.txt: line 1", "expected a class and"),
            yolo("no number", "0 0.5 0.5 1 x\n", says: "line 1"),
            yolo("unknown class", "\n2 0.5 0.5 1 1\n", says: "line 2", "class 2", "0 to 1"),
            yolo("pixels for parts", "0 50 50 10 10\n", says: "from 0 to 1"),
            yolo("two classes of a name", "0 0.5 0.5 1 1\n", says: "classes.txt", "line 2", "a second time", classes: "cat\ncat"),
            BrokenInput("YOLO: labels of no picture", says: "labels/b.txt", "no picture", fields: boxed) { folder in
                try folder.write(png, "s/images/a.png")
                try folder.write("", "s/labels/b.txt")
                return "\(folder.path)/s"
            },
            wav("no RIFF", says: "a.wav", "no WAVE file") { $0[0] = 0 },
            wav("empty", says: "no WAVE file") { $0 = [] },
            wav("truncated header", says: "no fmt  chunk") { $0 = Array($0.prefix(12)) },
            wav("truncated format", says: "fmt chunk of 4 bytes") { $0 = Array($0.prefix(24)) },
            wav("truncated data", says: "20 bytes, 16 are there") { $0.removeLast(4) },
            wav("no data", says: "no data chunk") { $0 = Array($0.prefix(36)) },
            wav("a chunk without end", says: "no data chunk") { bytes in
                for index in 40..<44 { bytes[index] = 255 }
                bytes[36] = 0
            },
            wav("compressed", says: "format 85") { $0[20] = 85 },
            wav("no channels", says: "0 channels") { $0[22] = 0 },
            wav("too short", says: "shorter than 3 samples") { bytes in bytes[40] = 8 },
            BrokenInput("WAVE: two rates", says: "b.wav", "expected 8000", fields: sounds) { folder in
                var other = sound
                other[24] = 0
                try folder.write(sound, "s/a.wav")
                try folder.write(other, "s/b.wav")
                return "\(folder.path)/s"
            },
            BrokenInput("WAVE: NaN", says: "sample 1 is nan", fields: sounds) { folder in
                var bytes = try decoded(Sounds.float32)
                bytes.replaceSubrange(bytes.count - 16..<bytes.count - 12, with: [0, 0, 0xC0, 0x7F] as [UInt8])
                return try folder.write(bytes, "a.wav")
            },
            BrokenInput("WAVE: no length", says: "how many samples", fields: [WantedField("x", .float32, [nil])]) {
                try $0.write(sound, "a.wav")
            },
        ]
    }()
}
