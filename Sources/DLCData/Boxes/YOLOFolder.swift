import DLCTensor
import DLCTensorFiles

/// Boxes in YOLO's text files (Redmon's darknet; Ultralytics, "Datasets"): `images/NAME.png` or `.jpg`, and `labels/NAME.txt` with a
/// line for each box, its class, its centre's x and y, width and height, in parts of the picture's. A picture without such a file
/// has no boxes. `classes.txt` beside the folders names the classes.
enum YOLOFolder {
    static let folders = (images: "images", labels: "labels")

    static func pictures(_ path: String) throws -> (pictures: [BoxedPicture], classNames: [String]) {
        let (images, labels) = (Folder.join(path, folders.images), Folder.join(path, folders.labels))
        let names = try PictureNames(in: images).names
        let stems = Set(names.map { Folder.stem(of: $0) })
        if let alone = try Folder.names(in: labels).first(where: { !stems.contains(Folder.stem(of: $0)) }) {
            throw DLCError("belongs to no picture in \(images)", at: [Folder.join(labels, alone)])
        }
        let classNames = try ClassField.names(beside: path) ?? []
        let pictures = try names.map { name in
            let file = Folder.join(labels, Folder.stem(of: name) + ".txt")
            let boxes = FilePath.isFile(file) ? try boxes(file, classes: classNames.isEmpty ? nil : classNames.count) : []
            return BoxedPicture(path: Folder.join(images, name), boxes: boxes)
        }
        return (pictures, classNames)
    }

    private static func boxes(_ path: String, classes: Int?) throws -> [BoxedPicture.Box] {
        var lines = TextLines(try DataFile(path))
        var boxes: [BoxedPicture.Box] = []
        while let line = try lines.next() {
            let parts = line.split(whereSeparator: \.isWhitespace)
            if parts.isEmpty { continue }
            try located("\(path): line \(lines.line)") {
                let numbers = parts.dropFirst().compactMap { Table.number(String($0)) }
                guard parts.count == 5, numbers.count == 4, let label = Int(parts[0]), label >= 0 else {
                    throw DLCError("is '\(line.printable(most: 60))'; expected a class and x, y, width and height")
                }
                if let classes, label >= classes { throw DLCError("is of class \(label); expected 0 to \(classes - 1)") }
                let (x, y, width, height) = (numbers[0], numbers[1], numbers[2], numbers[3])
                guard width > 0, height > 0, [x, y].allSatisfy({ (0...1).contains($0) }), width <= 1, height <= 1 else {
                    throw DLCError("has the box \(numbers); expected parts of the picture from 0 to 1, width and height above 0")
                }
                let edges = (max(0, x - width / 2), max(0, y - height / 2), min(1, x + width / 2), min(1, y + height / 2))
                boxes.append(.init(label: label, edges: edges))
            }
        }
        return boxes
    }
}
