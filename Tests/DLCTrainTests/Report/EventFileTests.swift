import DLCTensor
import Testing

@testable import DLCTrain

@Suite struct EventFileTests {
    /// RFC 3720, appendix B.4.
    @Test func checksumsAreThoseOfTheStandard() {
        #expect(CRC32C.checksum(of: [UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum(of: [UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(of: 0..<32) == 0x46DD_794E)
        #expect(CRC32C.checksum(of: "123456789".utf8) == 0xE306_9283)
    }

    /// What protobuf for Python makes of the same event, in a record by TensorBoard 2.21's `RecordWriter`.
    @Test func aRecordIsThatOfTensorBoard() {
        let event = EventMessage(wallTime: 1.5, step: 300, content: .scalars([("loss", 0.25)]))
        let record = EventFile.record(event.bytes)
        #expect(record.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == Self.record)
    }

    static let record = "1b000000000000001a0d9e1309000000000000f83f10ac022a0d0a0b0a046c6f7373150000803e9908deed"

    @Test func aFurtherFileHasALaterNameAndSaysWhereItBegins() throws {
        let folder = try ScratchFolder()
        // A clock that was ahead when the first part ran.
        try folder.write([], "events.out.tfevents.9000000000.elsewhere")
        let first = try EventFile(folder: folder.path)
        try first.scalar("loss", 1, step: 1)
        try first.close()
        let second = try EventFile(folder: folder.path, resumingAt: 2)
        try second.close()
        #expect(folder.names == ["9000000000.elsewhere", "9000000001.dlc", "9000000002.dlc"].map { "events.out.tfevents." + $0 })
        let start = EventMessage(wallTime: 0, step: 2, content: .start).bytes.suffix(6)
        #expect(try folder.bytes("events.out.tfevents.9000000002.dlc").dropLast(4).suffix(6) == start)
    }

    @Test func aFolderThatIsNotThereIsNamed() {
        #expect { try EventFile(folder: "no/such/folder") } throws: { "\($0)".hasPrefix("no/such/folder: cannot be read") }
    }

    @Test func nothingIsWrittenAfterTheEnd() throws {
        let folder = try ScratchFolder()
        let file = try EventFile(folder: folder.path)
        try file.close()
        try file.close()
        #expect(throws: DLCError.self) { try file.scalar("loss", 1, step: 1) }
    }
}
