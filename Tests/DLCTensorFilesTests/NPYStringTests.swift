import DLCTensor
import Testing

@testable import DLCTensorFiles

@Suite struct NPYStringTests {
    /// A file as NumPy writes it.
    private func file(_ description: String, shape: String, order: String = "False", _ bytes: [UInt8]) -> [UInt8] {
        let header = "{'descr': '\(description)', 'fortran_order': \(order), 'shape': (\(shape)), }\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + bytes
    }

    private func characters(_ text: String, _ length: Int) -> [UInt8] {
        let codes = text.unicodeScalars.map(\.value) + [UInt32](repeating: 0, count: length - text.unicodeScalars.count)
        return codes.flatMap { code in (0..<4).map { UInt8(truncatingIfNeeded: code >> UInt32(8 * $0)) } }
    }

    @Test func charactersAndBytesAreRead() throws {
        let texts = ["ab", "日本", "", "🙂"]
        let unicode = try NPY.tensor(from: file("<U2", shape: "2, 2", texts.flatMap { characters($0, 2) })[...])
        #expect(unicode == (try Tensor(texts, shape: [2, 2])))
        let turned = try NPY.tensor(from: file("<U2", shape: "2, 2", order: "True", texts.flatMap { characters($0, 2) })[...])
        #expect(turned == (try Tensor(["ab", "", "日本", "🙂"], shape: [2, 2])))
        let bytes = try NPY.tensor(from: file("|S3", shape: "3,", [0x61, 0, 0, 0x62, 0, 0x63, 0xff, 0xfe, 0xfd])[...])
        #expect(try bytes.texts() == [[0x61], [0x62, 0, 0x63], [0xff, 0xfe, 0xfd]])
        #expect(try NPY.tensor(from: file("<U0", shape: "2,", [])[...]).texts() == [[], []])
    }

    @Test func whatIsWrittenIsReadBack() throws {
        for texts in [["", "a", "a longer text"], ["日本語", "🙂\n", "\0a"], []] {
            let tensor = try Tensor(texts, shape: [texts.count, 1])
            #expect(try NPY.tensor(from: NPY.bytes(of: tensor)[...]) == tensor)
        }
        let odd = try Tensor(texts: [[0xff], [], [0x61, 0x62]], shape: [3])
        #expect(try NPY.tensor(from: NPY.bytes(of: odd)[...]) == odd)
        #expect(throws: DLCError.self) { try NPY.bytes(of: Tensor(["ends in zero\0"], shape: [1])) }
    }

    @Test(arguments: ["<U-1", ">U2", "|O", "<U", "|S99999999999999999999", "<U2305843009213693952", "<T2"])
    func otherTypesAreErrors(_ description: String) {
        #expect(throws: DLCError.self) { try NPY.tensor(from: file(description, shape: "1,", [UInt8](repeating: 0, count: 64))[...]) }
    }

    @Test func charactersThatUnicodeHasNotAreErrors() {
        for code: [UInt8] in [[0, 0xd8, 0, 0], [0, 0, 0x11, 0], [0xff, 0xff, 0xff, 0xff]] {
            #expect(throws: DLCError.self) { try NPY.tensor(from: file("<U1", shape: "1,", code)[...]) }
        }
    }
}
