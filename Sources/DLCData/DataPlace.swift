import DLCTensor
import DLCTensorFiles

/// Where a data set lies and in which format, told by names alone.
struct DataPlace: Equatable {
    enum Format: Equatable {
        /// One or more files of arrays.
        case arrays
        case idx
        case cifar
        /// Pictures in the folders of their classes; in none, in the folder itself.
        case pictures(folders: [String])
        /// `images` and `masks`.
        case segmented
        /// A COCO file.
        case coco
        /// `images` and `labels`.
        case yolo
        /// Sounds in the folders of their classes; in none, the files.
        case sounds(folders: [String])
        case text
        case table
    }

    var path: String
    var format: Format
    /// The files, where they are not all of `path`.
    var files: [String]

    private static let trainingNames = ["train", "training"]
    private static let validationNames = ["validation", "valid", "val", "test", "testing"]

    static let known = """
        .npy, .npz, .safetensors, .csv, .tsv, .txt, .abc, .wav, COCO's .json, MNIST's idx files, CIFAR's .bin files, a folder of .npy \
        files, of texts, pictures or sounds, one of images with masks or labels, or folders of pictures or sounds for each class
        """

    /// The data at a path, and what validates them where a folder holds both: MNIST's and CIFAR's files, or `train` and one of
    /// `validation`, `valid`, `val` and `test`, which may have the ending of a file.
    /// - Throws: where nothing is there or no format fits.
    static func find(_ path: String) throws -> (training: DataPlace, validation: DataPlace?) {
        guard FilePath.isFolder(path) else {
            guard FilePath.isFile(path) else {
                throw DLCError(FilePath.exists(path) ? "is neither a file nor a folder" : "there is no such file or folder", at: [path])
            }
            return (try file(path), nil)
        }
        let names = try Folder.names(in: path)
        guard !names.isEmpty else { throw DLCError("is an empty folder", at: [path]) }
        if let parts = try benchmark(path, names) { return parts }
        func part(_ known: [String]) -> String? {
            known.lazy.compactMap { known in names.first { $0.lowercased().split(separator: ".").first.map(String.init) == known } }.first
        }
        if let training = part(trainingNames), let validation = part(validationNames) {
            return (try find(Folder.join(path, training)).training, try find(Folder.join(path, validation)).training)
        }
        return (try folder(path, names), nil)
    }

    private static func file(_ path: String) throws -> DataPlace {
        let kind = Folder.kind(of: path)
        if ArrayFiles.kinds.contains(kind) { return DataPlace(path: path, format: .arrays, files: [path]) }
        if IDXFile.isName(Folder.name(of: path)) { return DataPlace(path: path, format: .idx, files: [path]) }
        if kind == "bin" || kind == "bin.gz" { return DataPlace(path: path, format: .cifar, files: [path]) }
        if isText(kind) { return DataPlace(path: path, format: .text, files: [path]) }
        if ["csv", "tsv", "csv.gz", "tsv.gz"].contains(kind) { return DataPlace(path: path, format: .table, files: [path]) }
        if kind == "json" || kind == "json.gz" { return DataPlace(path: path, format: .coco, files: [path]) }
        if kind == "wav" { return DataPlace(path: path, format: .sounds(folders: []), files: [path]) }
        throw DLCError("is of no known format; expected \(known)", at: [path])
    }

    static func isText(_ kind: String) -> Bool { ["txt", "abc", "txt.gz", "abc.gz"].contains(kind) }

    private static func folder(_ path: String, _ names: [String]) throws -> DataPlace {
        let arrays = names.filter { Folder.kind(of: $0) == "npy" }
        if !arrays.isEmpty { return DataPlace(path: path, format: .arrays, files: arrays.map { Folder.join(path, $0) }) }
        if names.contains(where: { PictureNames.kinds.contains(Folder.kind(of: $0)) }) {
            return DataPlace(path: path, format: .pictures(folders: []), files: [])
        }
        if names.contains(YOLOFolder.folders.images), names.contains(YOLOFolder.folders.labels) {
            return DataPlace(path: path, format: .yolo, files: [])
        }
        if names.allSatisfy({ Folder.kind(of: $0) == "wav" }) {
            return DataPlace(path: path, format: .sounds(folders: []), files: names.map { Folder.join(path, $0) })
        }
        if names.allSatisfy({ isText(Folder.kind(of: $0)) }) {
            return DataPlace(path: path, format: .text, files: names.map { Folder.join(path, $0) })
        }
        if names.contains(SegmentedPictures.folders.images), names.contains(SegmentedPictures.folders.masks) {
            return DataPlace(path: path, format: .segmented, files: [])
        }
        let folders = names.filter { FilePath.isFolder(Folder.join(path, $0)) }
        guard !folders.isEmpty else { throw DLCError("is a folder of no known format; expected \(known)", at: [path]) }
        if try Folder.names(in: Folder.join(path, folders[0])).contains(where: { Folder.kind(of: $0) == "wav" }) {
            return DataPlace(path: path, format: .sounds(folders: folders), files: [])
        }
        return DataPlace(path: path, format: .pictures(folders: folders), files: [])
    }

    /// The folders of MNIST and CIFAR.
    private static func benchmark(_ path: String, _ names: [String]) throws -> (DataPlace, DataPlace?)? {
        func place(_ format: Format, _ chosen: [String]) -> DataPlace? {
            chosen.isEmpty ? nil : DataPlace(path: path, format: format, files: chosen.map { Folder.join(path, $0) })
        }
        func first(_ names: [String]) -> [String] { Array(names.prefix(1)) }
        let images = names.filter(IDXFile.isImages)
        if let training = place(.idx, first(images.filter { $0.hasPrefix("train") })) {
            return (training, place(.idx, first(images.filter { $0.hasPrefix("t10k") || $0.hasPrefix("test") })))
        }
        let binaries = names.filter { Folder.kind(of: $0) == "bin" }
        if let training = place(.cifar, binaries.filter { $0.hasPrefix("data_batch") || $0 == "train.bin" }) {
            return (training, place(.cifar, binaries.filter { $0 == "test_batch.bin" || $0 == "test.bin" }))
        }
        return nil
    }
}
