import DLCTensor
import DLCTensorFiles

/// The pictures in a folder, told by the endings of their names.
struct PictureNames {
    static let kinds = ["png", "jpg", "jpeg"]
    /// What else holds pictures, and cannot be read.
    private static let foreign: Set = ["bmp", "webp", "gif", "tif", "tiff", "heic", "heif", "avif", "jp2", "ppm", "pgm", "pnm", "svg"]

    /// Sorted by their bytes.
    let names: [String]
    /// How many other files lie there, such as a licence or what a system leaves behind. They are passed over.
    let others: Int

    /// - Throws: where there is none, or one that cannot be read: leaving it out would change what is learned.
    init(in place: String, kinds: [String] = Self.kinds) throws {
        let all = try Folder.names(in: place)
        if let odd = all.first(where: { name in
            let kind = Folder.kind(of: name)
            return !kinds.contains(kind) && (Self.kinds.contains(kind) || Self.foreign.contains(kind))
                || FilePath.isFolder(Folder.join(place, name))
        }) {
            let isFolder = FilePath.isFolder(Folder.join(place, odd))
            throw DLCError(
                "is \(isFolder ? "a folder among pictures" : "a picture of a kind that is not read"); expected .\(kinds.joined(separator: ", ."))",
                at: [Folder.join(place, odd)])
        }
        names = all.filter { kinds.contains(Folder.kind(of: $0)) }
        others = all.count - names.count
        guard let first = all.first else { throw DLCError("is an empty folder; expected pictures", at: [place]) }
        if names.isEmpty {
            throw DLCError("is no picture; expected .\(kinds.joined(separator: ", ."))", at: [Folder.join(place, first)])
        }
    }

    /// What a summary says of files that were passed over.
    static func note(_ others: Int) -> String { others == 0 ? "" : " (\(others) other \(others == 1 ? "file" : "files") passed over)" }
}
