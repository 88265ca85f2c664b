import DLCTensor
import DLCTensorFiles
import Testing

@testable import DLCData

@Suite struct ArrayDatasets {
    private let wanted = [WantedField("x", .float32, [2, 3]), WantedField("y", .int64, [], classes: 3)]

    @Test(arguments: [NumPyArchives.stored, NumPyArchives.deflated]) func archivesOfNumPy(archive: String) throws {
        try withTemporaryFolder { folder in
            let path = try folder.write(decoded(archive), "a.npz")
            let data = try Datasets.open(path, wanting: wanted)
            #expect(data.count == 4)
            let batch = try data.batch([3, 0, 3])
            #expect(batch["x"]?.shape == [3, 2, 3] && batch["x"]?.type == .float32)
            let rows = (0..<4).map { row in (0..<6).map { Double(row * 6 + $0) * 0.5 - 3 } }
            #expect(try batch["x"]?.numbers == rows[3] + rows[0] + rows[3])
            #expect(try batch["y"]?.array(of: Int64.self) == [2, 2, 2])
            #expect(try data.labels() == [2, 0, 1, 2])
            #expect(try data.classCounts() == [1, 1, 2])
            let huge = try folder.path("huge.npz")
            try NPZ.write([("y", Tensor([0, Int64.max], shape: [2]))], to: huge)
            #expect(throws: DLCError.self) { try Datasets.open(huge, wanting: [WantedField("y", .int64, [])]).classCounts() }
            // Column-major arrays.
            let turned = try Datasets.open(path, wanting: [WantedField("f", .float64, [2, 3])])
            #expect(try turned.batch([1, 2])["f"]?.numbers == rows[1] + rows[2])
            // Bytes for a float field of two dimensions are pixels.
            let pixels = try Datasets.open(path, wanting: [WantedField("p", .float32, [1, 2, 3])])
            #expect(try pixels.batch([1])["p"]?.array(of: Float.self) == [60, 70, 80, 90, 100, 110].map { Float($0) / 255 })
            #expect(pixels.fields == [DataField("p", .float32, [1, 2, 3], .pixels, channelAxis: 0)])
        }
    }

    @Test func archivesOfMoreThanFourGibibytesHaveWideNumbers() throws {
        try withTemporaryFolder { folder in
            var bytes = try decoded(NumPyArchives.wide)
            // zipfile leaves small numbers in the last record; all ones send the reader to the 64-bit ones.
            bytes.replaceSubrange(bytes.count - 14..<bytes.count - 2, with: [UInt8](repeating: 255, count: 12))
            let path = try folder.write(bytes, "a.npz")
            #expect(try Datasets.open(path, wanting: [WantedField("x", .float32, [])]).batch([3, 1])["x"]?.numbers == [3, 1])
            #expect(try NPZ.read(path).map(\.name) == ["x", "y"])
        }
    }

    @Test func foldersAndSafetensorsAndOtherNames() throws {
        try withTemporaryFolder { folder in
            let x = try Tensor((0..<12).map(Float.init), shape: [3, 4])
            let y = try Tensor([1, 0, 1] as [UInt8], shape: [3])
            try folder.write(x, "set/x.npy")
            try folder.write(y, "set/y.npy")
            let path = try folder.path("a.safetensors")
            let entries = [Safetensors.Entry(name: "x", type: .float32, shape: [3, 4]), .init(name: "y", type: .uint8, shape: [3])]
            try Safetensors.write(entries, to: path) { [x, y][$0] }
            for place in ["\(folder.path)/set", path] {
                let wanted = [WantedField("picture", .float32, [2, 2]), WantedField("label", .int32, [])]
                let data = try Datasets.open(place, wanting: wanted)
                let batch = try data.batch([2])
                #expect(try batch["picture"]?.numbers == [8, 9, 10, 11])
                #expect(try batch["label"]?.numbers == [1])
                var options = DataOptions()
                options.sources = ["picture": "x", "label": "y"]
                #expect(try Datasets.open(place, wanting: wanted, options: options).batch([0])["picture"]?.numbers == [0, 1, 2, 3])
            }
        }
    }

    @Test func rowsOfAnyTypeArriveInAnyType() throws {
        try withTemporaryFolder { folder in
            for stored in ElementType.computed where stored != .bfloat16 {
                let path = try folder.write(Tensor(doubles: [0, 1, 1, 0], type: stored, shape: [2, 2]), "\(stored)/x.npy")
                for type in ElementType.computed {
                    let data = try Datasets.open(path, wanting: [WantedField("x", type, [nil])])
                    let tensor = try #require(data.batch([1, 0])["x"])
                    #expect(tensor.type == type)
                    #expect(try tensor.numbers == [1, 0, 0, 1])
                }
            }
        }
    }
}

@Suite struct NormalisationOfFields {
    /// Figures of NumPy from `Tools/judges/data_figures.py`.
    @Test func statisticsAreNumPys() throws {
        try withTemporaryFolder { folder in
            let values = (0..<60).map { Float(($0 * 37) % 23) * 0.25 }
            try folder.write(Tensor(values, shape: [20, 3]), "table/x.npy")
            let table = try Datasets.open("\(folder.path)/table", wanting: [WantedField("x", .float32, [3])])
            let found = try Normalisation.measured(over: table, batchSize: 7)
            let statistics = try #require(found.fields["x"])
            for (a, b) in zip(
                statistics.mean + statistics.deviation, [2.8625, 2.625, 2.675, 1.7220536431830453, 1.5542281042369552, 1.7376348868505143])
            { #expect(abs(a - b) < 1e-12) }
            let batch = try found.apply(table.batch([1]))
            #expect(
                try batch["x"]?.array(of: Float.self)
                    == (0..<3).map { (values[3 + $0] - Float(statistics.mean[$0])) / Float(statistics.deviation[$0]) })
            #expect(found.metadata["x.content"] == "numbers")

            let pixels = (0..<96).map { UInt8(($0 * 41) % 256) }
            try folder.write(Tensor(pixels, shape: [8, 3, 2, 2]), "pictures/x.npy")
            let pictures = try Datasets.open("\(folder.path)/pictures", wanting: [WantedField("x", .float32, [3, 2, 2])])
            let perChannel = try #require(Normalisation.measured(over: pictures, batchSize: 3).fields["x"])
            for (a, b) in zip(
                perChannel.mean + perChannel.deviation,
                [
                    0.46862745098039216, 0.5470588235294117, 0.4372549019607843, 0.3277561100365365, 0.2527282885844531, 0.2804195790786408,
                ])
            { #expect(abs(a - b) < 1e-7) }
        }
    }

    @Test func constantColumnsKeepTheirScale() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write(Tensor([5, 1, 5, 3] as [Float], shape: [2, 2]), "x.npy")
            let data = try Datasets.open(path, wanting: [WantedField("x", .float32, [2])])
            let found = try Normalisation.measured(over: data)
            #expect(found.fields["x"]?.deviation == [1, 1])
            #expect(try found.apply(data.batch([0, 1]))["x"]?.numbers == [0, -1, 0, 1])
            #expect(throws: DLCError.self) { try Normalisation.measured(over: data, fields: ["y"]) }
        }
    }
}
