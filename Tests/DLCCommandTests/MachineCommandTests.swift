import Testing

/// `dlc machine`.
@Suite struct MachineCommandTests {
    @Test func theProcessorIsToldAndMeasured() throws {
        let folder = try Folder()
        let told = try Tool.run(["machine", "--threads", "1"], in: folder)
        #expect(told.status == 0 && told.output.contains("processor  ") && told.output.contains("GFLOP/s"), "\(told.errors)")
        let json = try Tool.run(["machine", "--threads", "1", "--json"], in: folder)
        #expect(json.status == 0 && json.output.hasPrefix("{\"processor\": ") && json.output.contains("\"target\": \"portable\""))
    }
}
