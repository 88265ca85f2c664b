import DLCTensor
import Foundation
import Testing

@testable import DLCTensorFiles

private func bytes(_ base64: String) throws -> [UInt8] { try Array(#require(Data(base64Encoded: base64))) }

private func withTemporaryFile<R>(_ name: String, _ body: (String) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.appendingPathComponent(name).path)
}

private func zipEntries(_ file: ArraySlice<UInt8>) throws -> [ZipArchive.Entry] {
    var entries: [ZipArchive.Entry] = []
    try ZipArchive.forEach(in: file) { entries.append($0) }
    return entries
}

@Suite struct NPYReading {
    @Test func fortranOrderBecomesRowMajor() throws {
        let tensor = try NPY.tensor(from: bytes(NumPyFiles.fortran)[...])
        #expect(tensor == (try Tensor((0..<24).map(Int16.init), shape: [2, 3, 4])))
    }

    @Test func halfPrecisionKeepsItsValues() throws {
        let tensor = try NPY.tensor(from: bytes(NumPyFiles.halves)[...])
        #expect(tensor.type == .float16)
        #expect(try tensor.doubles() == [1.5, -2, 65504, 0x1p-24])
    }

    @Test func versionThreeWithoutElements() throws {
        let tensor = try NPY.tensor(from: bytes(NumPyFiles.emptyVersion3)[...])
        #expect(tensor.type == .uint8 && tensor.shape == [0, 3])
    }

    @Test func bigEndianIsRefusedByName() throws {
        let error = #expect(throws: DLCError.self) { try NPY.tensor(from: bytes(NumPyFiles.bigEndian)[...]) }
        #expect(error?.description.contains("'>f4'; expected one of") == true)
    }

    @Test func missingFileIsNamed() {
        let error = #expect(throws: DLCError.self) { try NPY.read("/nonexistent/a.npy") }
        #expect(error?.description == "/nonexistent/a.npy: cannot be read: No such file or directory")
    }

    @Test func folderIsNoFile() {
        let error = #expect(throws: DLCError.self) { try NPY.read("/") }
        #expect(error?.description == "/: cannot be read: Is a directory")
    }

    @Test func everyTruncationThrows() throws {
        let file = try bytes(NumPyFiles.fortran)
        for count in file.indices {
            #expect(throws: DLCError.self) { try NPY.tensor(from: file[..<count]) }
        }
    }

    @Test func hugeShapesAreRefusedBeforeMemoryIsTaken() throws {
        for shape in ["(4611686018427387904, 4)", "(1000000000000,)", "(99999999999999999999,)", "(-1,)", "(1,,2)"] {
            let text = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
            var file: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
            file.append(text.utf8.count, size: 2)
            file += Array(text.utf8) + [0, 0, 0, 0]
            #expect(throws: DLCError.self) { try NPY.tensor(from: file[...]) }
        }
    }

    @Test func damagedHeadersNeverTrap() throws {
        var generator = SplitMix64(seed: 3)
        for base64 in [NumPyFiles.fortran, NumPyFiles.halves] {
            let file = try bytes(base64)
            for _ in 0..<2000 {
                var damaged = file
                for _ in 0..<3 { damaged[Int.random(in: 0..<96, using: &generator)] = .random(in: 0...255, using: &generator) }
                _ = try? NPY.tensor(from: damaged[...])
            }
        }
    }
}

@Suite struct NPYWriting {
    @Test func everyTypeReturnsUnchanged() throws {
        for (seed, type) in ElementType.computed.enumerated() {
            for shape in [[], [1], [3, 0, 2], [2, 3, 5]] {
                let tensor = try Tensor.random(seed: UInt64(seed), type: type, shape: shape)
                let expected = type == .bfloat16 ? try tensor.converted(to: .float32) : tensor
                let file = try NPY.bytes(of: tensor)
                #expect((file.count - expected.byteCount) % 64 == 0)
                #expect(try NPY.tensor(from: file[...]) == expected)
            }
        }
    }

    @Test func fileReturnsUnchanged() throws {
        let tensor = try Tensor.random(seed: 1, shape: [700, 900])
        try withTemporaryFile("a.npy") { path in
            try NPY.write(tensor, to: path)
            #expect(try NPY.read(path) == tensor)
        }
    }
}

@Suite struct NPZFiles {
    @Test func compressedArchiveOfNumPy() throws {
        let entries = try zipEntries(bytes(NumPyFiles.compressed)[...])
        #expect(entries.map(\.name) == ["x.npy", "scalar.npy", "flags.npy"])
        let tensors = try entries.map { try NPY.tensor(from: $0.bytes[...]) }
        #expect(tensors[0] == (try Tensor(filling: 1, type: .float32, shape: [3, 5])))
        #expect(tensors[1] == (try Tensor([Int64(7)], shape: [])))
        #expect(tensors[2] == (try Tensor([true, false], shape: [2])))
    }

    @Test func archiveReturnsUnchanged() throws {
        let tensors = try (0..<3).map { (name: "t/\($0)", tensor: try Tensor.random(seed: UInt64($0), shape: [$0, 4])) }
        try withTemporaryFile("a.npz") { path in
            try NPZ.write(tensors, to: path)
            let back = try NPZ.read(path)
            #expect(back.map(\.name) == tensors.map(\.name))
            #expect(back.map(\.tensor) == tensors.map(\.tensor))
        }
    }

    @Test func truncatedOrDamagedArchivesThrowOrKeepTheirBytes() throws {
        let file = try bytes(NumPyFiles.compressed)
        let good = try zipEntries(file[...]).map(\.bytes)
        for count in file.indices {
            #expect(throws: DLCError.self) { try zipEntries(file[..<count]) }
        }
        var generator = SplitMix64(seed: 5)
        for _ in 0..<4000 {
            var damaged = file
            damaged[Int.random(in: damaged.indices, using: &generator)] = .random(in: 0...255, using: &generator)
            // What is not noticed is outside the data: a date, a name, the number of entries.
            guard let entries = try? zipEntries(damaged[...]) else { continue }
            for (entry, bytes) in zip(entries, good) { #expect(entry.bytes == bytes) }
        }
    }
}
