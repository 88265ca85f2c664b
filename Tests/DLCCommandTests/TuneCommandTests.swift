import Foundation
import Testing

@Suite(.serialized) struct TuneCommands {
    private func build(_ folder: Folder, _ flags: String...) throws -> Tool.Result {
        try Tool.run(["build", Shipped.digits, "-o", "digits.dlc"] + flags, in: folder)
    }

    @Test func theSecondBuildKnowsTheTimes() throws {
        let folder = try Folder()
        let first = try build(folder, "--tune", "--tune-cache", "cache/tune.txt")
        #expect(first.status == 0 && first.errors.hasPrefix("measuring "), "\(first.errors)")
        let file = try folder.bytes("digits.dlc")
        let second = try build(folder, "--tune", "--tune-cache", "cache/tune.txt")
        #expect(second.status == 0 && second.errors.isEmpty, "\(second.errors)")
        #expect(try folder.bytes("digits.dlc") == file)
    }

    @Test func aDamagedCacheIsAnErrorThatNamesIt() throws {
        let folder = try Folder()
        try folder.write("something else", "tune.txt")
        let result = try build(folder, "--tune", "--tune-cache", "tune.txt")
        #expect(result.status == 1 && result.errors.hasPrefix("error: tune.txt: "), "\(result.errors)")
        #expect(folder.contents.allSatisfy { !$0.hasSuffix(".dlc") })
    }

    @Test func flagsThatDoNothingAreErrors() throws {
        let folder = try Folder()
        #expect(try build(folder, "--tune-cache", "tune.txt").status == 64)
        try folder.buildPair()
        for flag in ["--exact", "--tune"] {
            let result = try Tool.run(["run", "pair.dlc", "--random", flag], in: folder)
            #expect(result.status == 1 && result.errors.contains(flag), "\(result.errors)")
        }
    }

    @Test func exactAgreesMoreClosely() throws {
        let folder = try Folder()
        let result = try Tool.run(["compare", Shipped.digits, "--reference", "--exact", "--tolerance", "2e-6"], in: folder)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
}
