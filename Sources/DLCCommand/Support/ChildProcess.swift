import ArgumentParser
import DLC

#if canImport(Glibc)
@preconcurrency import Glibc
#elseif canImport(Musl)
@preconcurrency import Musl
#else
@preconcurrency import Darwin
#endif

/// This program, started again.
enum ChildProcess {
    /// Runs the program with other arguments and waits. Its standard output goes nowhere, its errors to ours.
    /// - Throws: its own status where it fails, having said why.
    static func run(_ arguments: [String]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        var words: [UnsafeMutablePointer<CChar>?] = ([CommandLine.arguments.first ?? "dlc"] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var process = pid_t()
        let failure = posix_spawn(&process, try executable(), &actions, nil, &words, environ)
        guard failure == 0 else { throw DLCError("cannot start another dlc: \(String(cString: strerror(failure)))") }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw DLCError("cannot wait for the other dlc: \(String(cString: strerror(errno)))") }
        }
        let signal = status & 0x7f
        guard signal == 0 else { throw DLCError("the compilation was ended by signal \(signal)") }
        let code = (status >> 8) & 0xff
        if code != 0 { throw ExitCode(code) }
    }

    private static func executable() throws -> String {
        var path = [CChar](repeating: 0, count: 4096)
        #if os(Linux)
        let length = readlink("/proc/self/exe", &path, path.count)
        guard length > 0, length < path.count else { throw DLCError("cannot find the program's own file") }
        return String(decoding: path.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #else
        var size = UInt32(path.count)
        guard _NSGetExecutablePath(&path, &size) == 0 else { throw DLCError("cannot find the program's own file") }
        return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #endif
    }
}
