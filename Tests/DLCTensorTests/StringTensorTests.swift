import DLCTensor
import Synchronization
import Testing

@Suite struct StringTensorTests {
    /// Of every length around seven bytes, where texts leave the handle.
    static let texts: [[UInt8]] = (0...17).map { [UInt8](repeating: 0x61, count: $0) } + [[0], [0, 0], [0xff, 0xfe], Array("日本語".utf8)]

    @Test func tensorsKeepEveryByte() throws {
        let tensor = try Tensor(texts: Self.texts, shape: [2, 11])
        #expect(tensor.type == .string && tensor.byteCount == 22 * 8)
        #expect(try tensor.texts() == Self.texts)
        #expect(try tensor.reshaped([22]).copied().texts() == Self.texts)
        #expect(throws: DLCError.self) { try tensor.array(of: String.self) }
        #expect(throws: DLCError.self) { try tensor.doubles() }
        #expect(throws: DLCError.self) { try Tensor(["a"], shape: [2]) }
    }

    @Test func equalHandlesAreEqualTexts() throws {
        let one = try Tensor(texts: Self.texts, shape: [22])
        #expect(try one == Tensor(texts: Self.texts, shape: [22]))
        let handles = try one.withHandles { Set($0) }
        #expect(handles.count == Set(Self.texts).count)
        // Two spellings of one letter are two texts.
        #expect(try Tensor(["\u{e9} is a letter"], shape: [1]) != Tensor(["e\u{301} is a letter"], shape: [1]))
    }

    @Test func zeroIsTheEmptyText() throws {
        #expect(try Tensor(type: .string, shape: [3]) { _ in }.texts() == [[], [], []])
        #expect(try Tensor(filling: 0, type: .string, shape: []).array(of: String.self) == [""])
    }

    @Test func theLastHolderLetsGo() throws {
        let pool = StringPool()
        let handles = try pool.intern([Array("a text of many bytes".utf8), Array("short".utf8)])
        #expect(pool.count == 1)
        try handles.withUnsafeBufferPointer { handles in
            try pool.retain(handles)
            pool.release(handles)
            #expect(pool.count == 1)
            pool.release(handles)
            #expect(pool.count == 0)
            // The handle is none any more, also when its place has another text.
            #expect(throws: DLCError.self) { try pool.texts(handles) }
            _ = try pool.intern([Array("another text of as many".utf8)])
            #expect(throws: DLCError.self) { try pool.retain(handles) }
            #expect(try pool.texts(UnsafeBufferPointer(rebasing: handles[1...])) == [Array("short".utf8)])
        }
    }

    @Test(arguments: [1 << 63 | 0xffff_ffff, .max, 8 << 56, 1 << 56 | 0x100, 7 << 60] as [UInt64])
    func numbersThatAreNoHandlesAreRefused(_ number: UInt64) {
        #expect(throws: DLCError.self) {
            try Tensor(type: .string, shape: [2]) { $0.storeBytes(of: number, toByteOffset: 8, as: UInt64.self) }
        }
    }

    @Test func threadsShareThePool() async throws {
        let pool = StringPool()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for round in 0..<200 {
                        let texts = (0..<10).map { Array("text number \((round * task + $0) % 50)".utf8) }
                        guard let handles = try? pool.intern(texts) else {
                            Issue.record("no handles")
                            return
                        }
                        handles.withUnsafeBufferPointer { handles in
                            #expect((try? pool.texts(handles)) == texts)
                            pool.release(handles)
                        }
                    }
                }
            }
        }
        #expect(pool.count == 0)
    }
}
