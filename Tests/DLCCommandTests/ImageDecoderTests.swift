import DLC
import DLCData
import DLCGraph
import DLCONNX
import DLCOps
import Foundation
import Testing

/// ONNX ImageDecoder with the decoders of `CImage`, which this program holds. The pictures and pixels are Pillow's.
@Suite struct ImageDecoderTests {
    private func session(_ format: String = "RGB") throws -> Session {
        let text = """
            <ir_version: 9, opset_import: ["" : 20]> g (uint8[N] x) => (uint8[h, w, c] y) { y = ImageDecoder <pixel_format = "\(format)"> (x) }
            """
        return try Session(CompiledModel(Compiler.compile(importONNX(text: text))))
    }

    private func decoded(_ bytes: [UInt8], _ format: String = "RGB") throws -> (shape: [Int], pixels: [UInt8]) {
        let y = try #require(try session(format).run(["x": Tensor(bytes, shape: [bytes.count])])["y"])
        return (y.shape, try y.array(of: UInt8.self))
    }

    /// 3 × 2 pixels: red, green, blue; white, grey, black.
    private static let pixels: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 128, 128, 128, 0, 0, 0]

    /// The same in every format, as Pillow wrote them without loss.
    static let files: [(name: String, base64: String)] = [
        (
            "PNG",
            """
            iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAGklEQVR4nAXBgQEAIAjAIOxyvXyBEHpqb5kPQ3IGgLc6VY0AAAAASUVORK5CYII=
            """
        ),
        (
            "TIFF",
            """
            SUkqAAgAAAAKAAABBAABAAAAAwAAAAEBBAABAAAAAgAAAAIBAwADAAAAhgAAAAMBAwABAAAAAQAAAAYBAwABAAAAAgAAABEBBAABAAAAjAAAABUBAwABAAAA\
            AwAAABYBBAABAAAAAgAAABcBBAABAAAAEgAAABwBAwABAAAAAQAAAAAAAAAIAAgACAD/AAAA/wAAAP////+AgIAAAAA=
            """
        ),
        (
            "TIFF, packed",
            """
            SUkqABgAAACAP8AQOBQR/wdAQmBgCAgACgAAAQMAAQAAAAMAAAABAQMAAQAAAAIAAAACAQMAAwAAAJYAAAADAQMAAQAAAAUAAAAGAQMAAQAAAAIAAAARAQQA\
            AQAAAAgAAAAVAQMAAQAAAAMAAAAWAQMAAQAAAAIAAAAXAQQAAQAAAA8AAAAcAQMAAQAAAAEAAAAAAAAACAAIAAgA
            """
        ),
        (
            "WebP",
            """
            UklGRjYAAABXRUJQVlA4TCkAAAAvAkAAAC8gECBIV25DQFB03XICAYJ05eY/QGxybBUIBMgQLZZE9D9yAAA=
            """
        ),
        (
            "JPEG 2000",
            """
            AAAADGpQICANCocKAAAAFGZ0eXBqcDIgAAAAAGpwMiAAAAAtanAyaAAAABZpaGRyAAAAAgAAAAMAAwcHAAAAAAAPY29scgEAAAAAABAAAADEanAyY/9P/1EA\
            LwAAAAAAAwAAAAIAAAAAAAAAAAAAAAMAAAACAAAAAAAAAAAAAwcBAQcBAQcBAf9SAAwAAAABAAEEBAAB/1wAB0BASEhQ/2QAJQABQ3JlYXRlZCBieSBPcGVu\
            SlBFRyB2ZXJzaW9uIDIuNS40/5AACgAAAAAASQAB/5PfgCALs1p/z7QIAS/H1AQJP8PqAY+0Cj8AEAkChwTPwAZ+AHH4AQAEAvLVCe/H2gN+YHH4AIAHAvhf\
            BP/Z
            """
        ),
        (
            "JPEG 2000 without boxes",
            """
            /0//UQAvAAAAAAADAAAAAgAAAAAAAAAAAAAAAwAAAAIAAAAAAAAAAAADBwEBBwEBBwEB/1IADAAAAAEAAQQEAAH/XAAHQEBISFD/ZAAlAAFDcmVhdGVkIGJ5\
            IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAABJAAH/k9+AIAuzWn/PtAgBL8fUBAk/w+oBj7QKPwAQCQKHBM/ABn4AcfgBAAQC8tUJ78faA35gcfgA\
            gAcC+F8E/9k=
            """
        ),
    ]

    private static func bitmap(bits: Int, height: Int32 = 2) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var rows: [UInt8] = []
        for y in height > 0 ? [1, 0] : [0, 1] {
            var row: [UInt8] = []
            for x in 0..<3 {
                let pixel = pixels[(y * 3 + x) * 3..<(y * 3 + x) * 3 + 3]
                row += pixel.reversed() + (bits == 32 ? [7] : [])
            }
            rows += row + [UInt8](repeating: 0, count: (4 - row.count % 4) % 4)
        }
        let header = little(40, 4) + little(3, 4) + little(Int(height), 4) + little(1, 2) + little(bits, 2)
        return Array("BM".utf8) + little(54 + rows.count, 4) + little(0, 4) + little(54, 4) + header + little(0, 24) + rows
    }

    @Test(arguments: [(24, 2), (24, -2), (32, 2)] as [(Int, Int32)])
    func bitmapsAreRead(_ bits: Int, _ height: Int32) throws {
        let (shape, pixels) = try decoded(Self.bitmap(bits: bits, height: height))
        #expect(shape == [2, 3, 3] && pixels == Self.pixels)
    }

    @Test func bitmapsWithPalettesAreRead() throws {
        // 2 × 1, four bits a pixel: the colours 1 and 0.
        var bytes: [UInt8] = [0x42, 0x4d, 0, 0, 0, 0, 0, 0, 0, 0, 62, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 4, 0]
        bytes += [UInt8](repeating: 0, count: 16) + [2, 0, 0, 0, 0, 0, 0, 0] + [1, 2, 3, 0, 30, 20, 10, 0] + [0x10, 0, 0, 0]
        #expect(try decoded(bytes).pixels == [10, 20, 30, 3, 2, 1])
        bytes[62] = 0x20
        #expect(throws: DLCError.self) { try decoded(bytes) }
    }

    @Test func pixmapsAreRead() throws {
        #expect(try decoded(Array("P6 3 2 255\n".utf8) + Self.pixels).pixels == Self.pixels)
        #expect(try decoded(Array("P3\n# a remark\n1 1\n100 50 0 100".utf8)).pixels == [128, 0, 255])
        #expect(try decoded(Array("P1 3 1\n1 01".utf8), "Grayscale").pixels == [0, 255, 0])
        #expect(try decoded(Array("P4 9 1\n".utf8) + [0x80, 0x80], "Grayscale").pixels == [0, 255, 255, 255, 255, 255, 255, 255, 0])
        #expect(try decoded(Array("P5 1 1 65535\n".utf8) + [0x80, 0x00], "BGR").pixels == [128, 128, 128])
    }

    @Test func channelsAreThoseThatAreAskedFor() throws {
        let file = Array("P6 3 2 255\n".utf8) + Self.pixels
        let (shape, grey) = try decoded(file, "Grayscale")
        #expect(shape == [2, 3, 1] && grey == [76, 150, 29, 255, 128, 0])
        #expect(try decoded(file, "BGR").pixels.prefix(6) == [0, 0, 255, 0, 255, 0])
        #expect(throws: DLCError.self) { try session("HSV") }
    }

    @Test func anotherPictureHasAnotherSize() throws {
        let session = try session()
        for (text, shape) in [("P2 2 1 9\n0 9", [1, 2, 3]), ("P2 1 3 9\n0 9 1", [3, 1, 3]), ("P2 2 1 9\n0 9", [1, 2, 3])] {
            #expect(try session.run(["x": Tensor(Array(text.utf8), shape: [text.utf8.count])])["y"]?.shape == shape)
        }
    }

    @Test(arguments: files.map(\.name))
    func formatsOfLibrariesAreRead(_ name: String) throws {
        let file = try #require(Self.files.first { $0.name == name })
        let bytes = Array(try #require(Data(base64Encoded: file.base64, options: .ignoreUnknownCharacters)))
        do {
            #expect(try decoded(bytes).pixels == Self.pixels)
        } catch let error as DLCError where error.message.contains("is not installed") { return }
        // No beginning of it is a picture.
        for count in [0, 1, 2, 4, 12, bytes.count / 2, bytes.count * 3 / 4] {
            #expect(throws: DLCError.self) { try decoded(Array(bytes.prefix(count))) }
        }
    }

    /// An app that reads TIFF itself keeps the handlers that it has set, for a picture has its own since libtiff 4.5.
    @Test func handlersOfTheProcessStay() throws {
        guard let library = dlopen("libtiff.so.6", RTLD_NOW) ?? dlopen("libtiff.6.dylib", RTLD_NOW),
            let symbol = dlsym(library, "TIFFSetErrorHandler"), dlsym(library, "TIFFOpenOptionsAlloc") != nil
        else { return }
        typealias Handler = @convention(c) (UnsafePointer<CChar>?, UnsafePointer<CChar>?, OpaquePointer?) -> Void
        let set = unsafeBitCast(symbol, to: (@convention(c) (Handler?) -> UnsafeRawPointer?).self)
        let own: Handler = { _, _, _ in }
        let before = set(own)
        defer { _ = set(unsafeBitCast(before, to: Handler?.self)) }
        let file = try #require(Self.files.first { $0.name == "TIFF" })
        let bytes = Array(try #require(Data(base64Encoded: file.base64, options: .ignoreUnknownCharacters)))
        #expect(try decoded(bytes).pixels == Self.pixels)
        #expect(throws: DLCError.self) { try decoded(Array(bytes.prefix(bytes.count / 2))) }
        #expect(set(own) == unsafeBitCast(own, to: UnsafeRawPointer?.self))
    }

    @Test func bombsAreRefusedBeforeThereIsMemoryForThem() throws {
        for text in ["P6 65000 65000 255\n", "P4 99999 9\n", "P3 1000000 1000000 1\n", "P5 -1 1 255\n", "P5 1 1 0\n", "P6 1 1 99999\n", "P7 1"] {
            #expect(throws: DLCError.self) { try decoded(Array(text.utf8)) }
        }
        var bitmap = Self.bitmap(bits: 24)
        bitmap.replaceSubrange(18..<26, with: [0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0])
        #expect(throws: DLCError.self) { try decoded(bitmap) }
        bitmap.replaceSubrange(22..<26, with: [0, 0, 0, 0x80])
        #expect(throws: DLCError.self) { try decoded(bitmap) }
    }
}
