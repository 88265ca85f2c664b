import Foundation
import Testing

/// `dlc format`.
@Suite struct FormatCommands {
    private let loose = "model M(x:f32[1,4]) {\nreturn x.relu( )\n}\n"
    private let tidy = "model M(x: f32[1, 4]) {\n    return x.relu()\n}\n"
    private let wrong = "model M(x: f32[1, 4]) {\n    return x.relu(\n}\n"

    @Test func filesAndFoldersAreRewrittenInPlace() throws {
        let folder = try Folder()
        try folder.makeFolder("blocks")
        try folder.makeFolder(".hidden")
        for name in ["a.dlm", "blocks/b.dlm", ".hidden/c.dlm", "notes.txt"] { try folder.write(loose, name) }
        try folder.write(tidy, "tidy.dlm")
        chmod(folder.path("a.dlm"), 0o640)
        let result = try Tool.run(["format", "."], in: folder)
        #expect(result.status == 0 && result.output == "./a.dlm\n./blocks/b.dlm\n", "\(result.errors)")
        for name in ["a.dlm", "blocks/b.dlm"] { #expect(try text(folder, name) == tidy) }
        for name in [".hidden/c.dlm", "notes.txt"] { #expect(try text(folder, name) == loose) }
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path("a.dlm"))[.posixPermissions] as? Int
        #expect(mode == 0o640)
        #expect(folder.contents.count == 7)
        #expect(try Tool.run(["format", "."], in: folder).output == "")
    }

    @Test func aCheckChangesNothing() throws {
        let folder = try Folder()
        try folder.write(loose, "a.dlm")
        try folder.write(tidy, "b.dlm")
        let result = try Tool.run(["format", "--check", "a.dlm", "b.dlm"], in: folder)
        #expect(result.status == 1 && result.output == "a.dlm\n" && result.errors == "error: 1 file is not formatted\n")
        #expect(try text(folder, "a.dlm") == loose)
        #expect(try Tool.run(["format", "--check", "b.dlm"], in: folder).status == 0)
    }

    @Test func mistakesLeaveTheirFileAndFormatTheOthers() throws {
        let folder = try Folder()
        try folder.write(wrong, "a.dlm")
        try folder.write(loose, "b.dlm")
        let result = try Tool.run(["format", "."], in: folder)
        #expect(result.status == 1 && result.output == "./b.dlm\n")
        #expect(result.errors.contains("./a.dlm:2:"))
        #expect(try text(folder, "a.dlm") == wrong && text(folder, "b.dlm") == tidy)
    }

    @Test func aLinkStaysALink() throws {
        let folder = try Folder()
        try folder.write(loose, "a.dlm")
        try FileManager.default.createSymbolicLink(atPath: folder.path("link.dlm"), withDestinationPath: "a.dlm")
        #expect(try Tool.run(["format", "link.dlm"], in: folder).status == 0)
        #expect(try text(folder, "a.dlm") == tidy)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link.dlm")) == "a.dlm")
    }

    @Test(arguments: [
        (["format", "absent.dlm"], "absent.dlm: cannot be read: No such file"), (["format", "notes.txt"], "notes.txt: is no model file"),
        (["format", "empty"], "empty: holds no .dlm file"), (["format", "bytes.dlm"], "bytes.dlm: is not text in UTF-8"),
    ])
    func wrongNames(_ arguments: [String], _ words: String) throws {
        let folder = try Folder()
        try folder.write("", "notes.txt")
        try folder.makeFolder("empty")
        try folder.write([0x62, 0xff, 0x62], "bytes.dlm")
        let result = try Tool.run(arguments, in: folder)
        #expect(result.status == 1 && result.errors.contains(words), "\(result.errors)")
        #expect(try folder.bytes("bytes.dlm") == [0x62, 0xff, 0x62])
    }

    private func text(_ folder: Folder, _ name: String) throws -> String { try String(decoding: folder.bytes(name), as: UTF8.self) }
}
