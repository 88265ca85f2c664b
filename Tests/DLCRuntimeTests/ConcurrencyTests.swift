@testable import ConcurrentSessions
import DLC
import Foundation
import Testing

/// `Tools/test` runs the same under the thread sanitizer.
@Suite struct ConcurrencyTests {
    @Test func sessionsOfManyTasksShareOneModel() async throws {
        try await ConcurrentSessions.check(try Self.model("convolutions"))
    }

    /// States are each session's own, and are written by steps that several threads share.
    @Test func sessionsOfManyTasksKeepStatesOfTheirOwn() async throws {
        try await ConcurrentSessions.check(try Self.model("recurrence"))
    }

    private static func model(_ name: String) throws -> CompiledModel {
        let file = URL(filePath: #filePath).appending(path: "../../ConcurrentSessions/\(name).dlm").standardizedFileURL
        return try CompiledModel(Compiler.compile(Compiler.load(file.path(percentEncoded: false))))
    }
}
