import DLCTensor
import Testing

@testable import DLCData

@Suite struct BoxedPictureSets {
    private let image = WantedField("image", .float32, [3, 8, 10])
    private let boxes = WantedField("boxes", .float32, [2, 4])
    private let classes = WantedField("classes", .int64, [2], classes: 2)

    /// `colour` is 5 pixels wide and 4 high.
    static let coco = """
        {"info": {"year": 2014, "x": [null, true, -1.5e3, "a\\u00e9"]},
         "annotations": [
            {"id": 1, "image_id": 7, "category_id": 18, "bbox": [1, 1, 2, 3], "area": 6, "iscrowd": 0, "segmentation": [[1, 2]]},
            {"id": 2, "image_id": 7, "category_id": 3, "bbox": [0, 0, 5, 4], "iscrowd": 0},
            {"id": 3, "image_id": 9, "category_id": 3, "bbox": [0, 0, 1, 1], "iscrowd": 1}],
         "categories": [{"id": 18, "name": "dog"}, {"id": 3, "name": "cat"}],
         "images": [{"id": 9, "file_name": "b.png", "width": 5, "height": 4}, {"id": 7, "file_name": "a.png", "width": 5, "height": 4}]}
        """

    @Test func cocosAreScaledToThePicture() throws {
        try withTemporaryFolder { folder in
            for name in ["a", "b"] { try folder.write(decoded(PillowPictures.colour), "images/\(name).png") }
            let path = try folder.write(Self.coco, "annotations/instances.json")
            let fields = [image, boxes, classes, WantedField("mask", .float32, [2]), WantedField("count", .int32, [])]
            let data = try Datasets.open(path, wanting: fields)
            #expect(data.count == 2 && data.classNames == ["cat", "dog"])
            let batch = try data.batch([0, 1])
            #expect(batch["image"]?.shape == [2, 3, 8, 10])
            #expect(try batch["boxes"]?.numbers == [2, 2, 6, 8, 0, 0, 10, 8] + [Double](repeating: 0, count: 8))
            #expect(try batch["classes"]?.numbers == [1, 0, 0, 0])
            #expect(try batch["mask"]?.numbers == [1, 1, 0, 0])
            #expect(try batch["count"]?.numbers == [2, 0])
            let open = try Datasets.open(path, wanting: [image, WantedField("boxes", .float32, [nil, 4])])
            #expect(try open.batch([1])["boxes"]?.shape == [1, 0, 4])
            #expect(try open.batch([1, 0])["boxes"]?.shape == [2, 2, 4])
        }
    }

    @Test func yolosArePartsOfThePicture() throws {
        try withTemporaryFolder { folder in
            for name in ["a", "b"] { try folder.write(decoded(PillowPictures.colour), "s/images/\(name).png") }
            try folder.write("1 0.5 0.5 0.2 0.5\n\n", "s/labels/a.txt")
            try folder.write("cat\ndog\n", "s/classes.txt")
            let data = try Datasets.open("\(folder.path)/s", wanting: [image, boxes, classes])
            let batch = try data.batch([0, 1])
            #expect(try batch["boxes"]?.numbers == [4, 2, 6, 6] + [Double](repeating: 0, count: 12))
            #expect(try batch["classes"]?.numbers == [1, 0, 0, 0])
            #expect(data.classNames == ["cat", "dog"])
        }
    }

    @Test func oneBoxEachIsALocalisation() throws {
        try withTemporaryFolder { folder in
            for name in ["a", "b"] {
                try folder.write(decoded(PillowPictures.colour), "s/images/\(name).png")
                try folder.write("\(name == "a" ? 0 : 1) 0.5 0.5 1 1", "s/labels/\(name).txt")
            }
            var options = DataOptions()
            options.sources = ["label": "classes", "box": "boxes"]
            let fields = [image, WantedField("box", .float32, [4]), WantedField("label", .int64, [], classes: 2)]
            let data = try Datasets.open("\(folder.path)/s", wanting: fields, options: options)
            let batch = try data.batch([1])
            #expect(try batch["box"]?.numbers == [0, 0, 10, 8] && batch["box"]?.shape == [1, 4])
            #expect(try data.labels() == [0, 1])
            #expect(batch["label"]?.shape == [1])
        }
    }
}
