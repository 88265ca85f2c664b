import DLCTensor
import Foundation
import Testing

@testable import DLCSafetensors
import DLCTensorFiles

/// Written by Hugging Face's safetensors 0.8, in base64: a.weight: 0, 0.5 … 2.5 as [2, 3]; half: float16 1.5, -2, 65504 and
/// the smallest subnormal; brain: bfloat16 [[1, -3]]; é "q"\\: int64 7, a scalar; flag: true, false, true; none: float64
/// [0, 3]; bytes: int8 -1, 5; metadata format and note.
private let written = [
    "2AEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJub3RlIjoidHdvXG5saW5lcyIsImZvcm1hdCI6InB0In0sIsOpIFwicVwiXFwiOnsiZHR5cGUiOiJJ",
    "NjQiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJub25lIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlswLDNdLCJkYXRhX29mZnNl",
    "dHMiOls4LDhdfSwiYS53ZWlnaHQiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsM10sImRhdGFfb2Zmc2V0cyI6WzgsMzJdfSwiYnJhaW4iOnsi",
    "ZHR5cGUiOiJCRjE2Iiwic2hhcGUiOlsxLDJdLCJkYXRhX29mZnNldHMiOlszMiwzNl19LCJoYWxmIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOls0",
    "XSwiZGF0YV9vZmZzZXRzIjpbMzYsNDRdfSwiYnl0ZXMiOnsiZHR5cGUiOiJJOCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzQ0LDQ2XX0s",
    "ImZsYWciOnsiZHR5cGUiOiJCT09MIiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbNDYsNDldfX0gBwAAAAAAAAAAAAAAAAAAPwAAgD8AAMA/",
    "AAAAQAAAIECAP0DAAD4AwP97AQD/BQEAAQ==",
].joined()

private func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("dlc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

private func opened(_ bytes: [UInt8]) throws -> Safetensors {
    try withFolder { folder in
        let path = folder.appendingPathComponent("a.safetensors")
        try Data(bytes).write(to: path)
        return try Safetensors(contentsOf: path.path)
    }
}

/// A file with a header of one's own.
private func file(_ header: String, data: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(header.utf8.count, size: 8)
    return bytes + Array(header.utf8) + [UInt8](repeating: 0, count: data)
}

private func failure(_ bytes: [UInt8]) -> String {
    do {
        let file = try opened(bytes)
        for index in file.entries.indices { _ = try file.tensor(at: index) }
        return "none"
    } catch { return "\(error)" }
}

@Suite struct SafetensorsReading {
    @Test func whatTheLibraryWroteIsRead() throws {
        let file = try opened(Array(#require(Data(base64Encoded: written))))
        #expect(file.metadata == ["format": "pt", "note": "two\nlines"])
        let tensors = try Dictionary(uniqueKeysWithValues: file.entries.indices.map { (file.entries[$0].name, try file.tensor(at: $0)) })
        #expect(tensors.count == 7)
        #expect(tensors["a.weight"] == (try Tensor([0, 0.5, 1, 1.5, 2, 2.5] as [Float], shape: [2, 3])))
        #expect(try tensors["half"]?.doubles() == [1.5, -2, 65504, 0x1p-24])
        #expect(tensors["brain"]?.type == .bfloat16 && tensors["brain"]?.shape == [1, 2])
        #expect(try tensors["brain"]?.doubles() == [1, -3])
        #expect(tensors["é \"q\"\\"] == (try Tensor([7] as [Int64], shape: [])))
        #expect(tensors["flag"] == (try Tensor([true, false, true], shape: [3])))
        #expect(tensors["none"]?.type == .float64 && tensors["none"]?.shape == [0, 3])
        #expect(try tensors["bytes"]?.integers() == [-1, 5])
    }

    @Test func everyTruncationAndTailThrows() throws {
        let bytes = try Array(#require(Data(base64Encoded: written)))
        for count in bytes.indices { #expect(throws: DLCError.self) { try opened(Array(bytes[..<count])) } }
        #expect(failure(bytes + [0]).contains("end at byte 49 of the data, which has 50"))
    }

    @Test func misalignedBytesAreCopied() throws {
        let header = #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}"#
        let read = try opened(file(header, data: 9))
        #expect(try read.tensor(at: 1) == Tensor([0, 0] as [Float], shape: [2]))
    }

    @Test func noTensorsAreAFile() throws {
        #expect(try opened(file("{}", data: 0)).entries.isEmpty)
        #expect(try opened(file(#" { "__metadata__" : { } }  "#, data: 0)).entries.isEmpty)
    }

    @Test func escapesAreResolved() throws {
        let header = #"{"\u0061\/\uD83D\ude00\t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#
        #expect(try opened(file(header, data: 0)).entries.map(\.name) == ["a/😀\t"])
    }

    @Test(arguments: [
        ("", "its end"), ("[]", "`{`"), ("{", "its end"), ("{}x", "nothing after"), (#"{"a"}"#, "`:`"), (#"{"a":1}"#, "`{`"),
        (#"{"a":{"dtype":"F32"}}"#, "a: lacks one of dtype, shape and data_offsets"),
        (#"{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#, "a: has the type F8_E4M3; expected one of F64 F32"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}"#, "key more"),
        (#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "second time"),
        (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, "integer from 0"),
        (#"{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#, "integer from 0"),
        (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, "`]`"),
        (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, "integer from 0"),
        (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, "a: size overflows"),
        (#"{"a":{"dtype":"F32","shape":[1,],"data_offsets":[0,4]}}"#, "integer from 0"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, "a: has the data_offsets [4, 0]"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, "a: has the data_offsets [0]"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, "at most 2"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, "a: f32[2] needs 8 bytes, its offsets hold 4"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "truncated: a ends at byte 8 of the data, which has 4"),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            "two entries named a"
        ),
        (#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}"#, "b and a overlap"),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#, "bytes 1 ..< 2"),
        (#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#, "end at byte 3 of the data, which has 4"),
        (#"{"\uD83D":{}}"#, "surrogates"), (#"{"\uD83D\u0041":{}}"#, "surrogates"), (#"{"\uDE00":{}}"#, "surrogates"),
        (#"{"\x":{}}"#, "an escape"), (#"{"\u12":{}}"#, "hexadecimal"), ("{\"a\nb\":{}}", "control character"), (#"{"a"#, "end of a text"),
        (#"{"__metadata__":{"a":1}}"#, "`\"`"), (#"{"__metadata__":{},"__metadata__":{}}"#, "two entries"),
    ])
    func wrongHeadersAreRefused(header: String, words: String) {
        let message = failure(file(header, data: 4))
        #expect(message.contains(words) && message.contains("a.safetensors"), "\(message)")
    }

    @Test func lengthsAreCheckedBeforeTheyAreUsed() throws {
        for length in [UInt64.max, UInt64(Int64.max), 100_000_001] {
            let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + [UInt8(ascii: "{"), UInt8(ascii: "}")]
            #expect(failure(bytes).contains("the header would have \(length) bytes"))
        }
        #expect(failure([]).contains("is empty"))
        #expect(failure([1, 2, 3]).contains("no safetensors file"))
        #expect(throws: DLCError.self) { try Safetensors(contentsOf: "/nonexistent/a.safetensors") }
        #expect(throws: DLCError.self) { try Safetensors(contentsOf: "/") }
    }

    @Test func noUTF8IsRefused() {
        var bytes = file(#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, data: 4)
        bytes[10] = 0xFF
        #expect(failure(bytes).contains("UTF-8"))
    }

    @Test func boolsAreZeroOrOne() {
        var bytes = file(#"{"a":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]}}"#, data: 4)
        bytes[bytes.count - 1] = 2
        #expect(failure(bytes).contains("a: has a bool of value 2"))
    }

    /// Whatever a byte becomes, the file is read or refused.
    @Test func changedBytesNeverTrap() throws {
        let bytes = try Array(#require(Data(base64Encoded: written)))
        var generator = SplitMix64(seed: 1)
        for _ in 0..<3000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                changed[Int.random(in: changed.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = failure(changed)
        }
    }
}

@Suite struct SafetensorsWriting {
    @Test func everyTypeComesBack() throws {
        let tensors = try ElementType.computed.enumerated().map { index, type in
            ("\(type) \"\u{1}\"", try Tensor.random(seed: UInt64(index), type: type, shape: index % 2 == 0 ? [3, index] : [index + 1]))
        }
        try withFolder { folder in
            let path = folder.appendingPathComponent("a.safetensors").path
            let entries = tensors.map { Safetensors.Entry(name: $0.0, type: $0.1.type, shape: $0.1.shape) }
            try Safetensors.write(entries, metadata: ["format": "pt"], to: path) { tensors[$0].1 }
            let read = try Safetensors(contentsOf: path)
            #expect(read.metadata == ["format": "pt"])
            #expect(Set(read.entries.map(\.name)) == Set(tensors.map(\.0)))
            for (name, tensor) in tensors {
                let index = try #require(read.entries.firstIndex { $0.name == name })
                #expect(try read.tensor(at: index) == tensor)
            }
        }
    }

    @Test func oneNameIsWrittenOnce() throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("a.safetensors").path
            let entry = Safetensors.Entry(name: "a", type: .float32, shape: [1])
            #expect(throws: DLCError.self) {
                try Safetensors.write([entry, entry], to: path) { _ in try Tensor([1] as [Float], shape: [1]) }
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }
}
