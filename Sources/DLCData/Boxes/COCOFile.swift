import DLCTensor
import DLCTensorFiles

/// Boxes in a file of the COCO format (Lin et al., 2014; "Data format" of cocodataset.org, object detection): `images`,
/// `annotations` with `bbox` = x, y, width, height in pixels, and `categories`, whose order by id numbers the classes. Pictures are
/// looked for beside the file and in `images` beside it or one folder further up. Crowds are left out.
struct COCOFile {
    var pictures: [BoxedPicture] = []
    var classNames: [String] = []

    private struct Picture {
        var name: String
        var width, height: Double
    }

    private struct Annotation {
        var image, category: Int
        var box: [Double]
    }

    init(_ path: String) throws {
        let file = try DataFile.opened(path)
        var images: [Int: Picture] = [:]
        var annotations: [Annotation] = []
        var categories: [Int: String] = [:]
        try located(path) {
            var json = JSONScanner(try file.bytes(at: 0, count: file.size))
            var parts: Set<String> = []
            try json.object { json, key in
                parts.insert(key)
                var index = 0
                func each(_ body: (inout JSONScanner) throws -> Void) throws {
                    try json.list { json in
                        try located("\(key)[\(index)]") { try body(&json) }
                        index += 1
                    }
                }
                switch key {
                case "images":
                    try each { json in
                        let (id, picture) = try Self.picture(&json)
                        guard images.updateValue(picture, forKey: id) == nil else { throw DLCError("has the id \(id) of another picture") }
                    }
                case "annotations": try each { try Self.annotation(&$0).map { annotations.append($0) } }
                case "categories":
                    try each { json in
                        let (id, name) = try Self.category(&json)
                        guard categories.updateValue(name, forKey: id) == nil else {
                            throw DLCError("has the id \(id) of another category")
                        }
                    }
                default: try json.skipValue()
                }
            }
            try json.end()
            for part in ["images", "annotations", "categories"] where !parts.contains(part) {
                throw DLCError("has no \(part); expected COCO's format")
            }
        }
        let ids = categories.keys.sorted()
        let numbers = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
        classNames = ids.compactMap { categories[$0] }
        var boxes: [Int: [BoxedPicture.Box]] = [:]
        for (index, annotation) in annotations.enumerated() {
            try located(path) {
                try located("annotations[\(index)]") {
                    guard let picture = images[annotation.image] else {
                        throw DLCError("is of the picture \(annotation.image), which is not listed")
                    }
                    guard let label = numbers[annotation.category] else {
                        throw DLCError("is of the category \(annotation.category), which is not listed: \(Datasets.listed(classNames))")
                    }
                    let box = annotation.box
                    guard box[2] > 0, box[3] > 0, box[0] >= -1, box[1] >= -1, box[0] + box[2] <= picture.width + 1,
                        box[1] + box[3] <= picture.height + 1
                    else {
                        throw DLCError(
                            "has the bbox \(box); expected x, y, width and height above 0 within \(picture.width) × \(picture.height)")
                    }
                    func part(_ value: Double, _ whole: Double) -> Double { min(max(value / whole, 0), 1) }
                    let edges = (
                        part(box[0], picture.width), part(box[1], picture.height), part(box[0] + box[2], picture.width),
                        part(box[1] + box[3], picture.height)
                    )
                    boxes[annotation.image, default: []].append(.init(label: label, edges: edges))
                }
            }
        }
        let folder = Folder.parent(of: path)
        let places = [folder, Folder.join(folder, "images"), Folder.join(Folder.parent(of: folder), "images")]
        for id in images.keys.sorted() {
            guard let name = images[id]?.name else { continue }
            guard let found = places.lazy.map({ Folder.join($0, name) }).first(where: FilePath.isFile) else {
                throw DLCError("there is no picture \(name.printable()) beside it, in images, or in images one folder up", at: [path])
            }
            pictures.append(BoxedPicture(path: found, boxes: boxes[id] ?? []))
        }
    }

    private static func integer(_ json: inout JSONScanner) throws -> Int {
        let number = try json.number()
        guard let integer = Int(exactly: number) else { throw DLCError("has \(number); expected a whole number") }
        return integer
    }

    private static func picture(_ json: inout JSONScanner) throws -> (Int, Picture) {
        var (id, name, width, height): (Int?, String?, Double?, Double?)
        try json.object { json, key in
            switch key {
            case "id": id = try integer(&json)
            case "file_name": name = try json.string()
            case "width": width = try json.number()
            case "height": height = try json.number()
            default: try json.skipValue()
            }
        }
        guard let id, let name, let width, let height, width > 0, height > 0 else {
            throw DLCError("lacks one of id, file_name, width and height, or is empty")
        }
        return (id, Picture(name: name, width: width, height: height))
    }

    private static func annotation(_ json: inout JSONScanner) throws -> Annotation? {
        var (image, category, crowd): (Int?, Int?, Int) = (nil, nil, 0)
        var box: [Double]?
        try json.object { json, key in
            switch key {
            case "image_id": image = try integer(&json)
            case "category_id": category = try integer(&json)
            case "iscrowd": crowd = try integer(&json)
            case "bbox":
                var numbers: [Double] = []
                try json.list { numbers.append(try $0.number()) }
                box = numbers
            default: try json.skipValue()
            }
        }
        guard let image, let category, let box, box.count == 4 else {
            throw DLCError("lacks one of image_id, category_id and a bbox of four numbers")
        }
        return crowd == 0 ? Annotation(image: image, category: category, box: box) : nil
    }

    private static func category(_ json: inout JSONScanner) throws -> (Int, String) {
        var (id, name): (Int?, String?)
        try json.object { json, key in
            switch key {
            case "id": id = try integer(&json)
            case "name": name = try json.string()
            default: try json.skipValue()
            }
        }
        guard let id, let name else { throw DLCError("lacks one of id and name") }
        return (id, name)
    }
}
