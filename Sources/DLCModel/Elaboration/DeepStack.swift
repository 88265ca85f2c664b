import CKernels
import DLCTensor

/// Elaboration recurses as deep as a file nests expressions and calls. What `Elaborator.Budget` allows takes more stack
/// than secondary threads have on some systems (512 KiB on Darwin), so it runs on a thread of its own.
enum DeepStack {
    /// Four times what the deepest file takes in a debug build (see `DeepStackTests`). Pages are taken as they are touched.
    static let bytes = 16 << 20

    /// Runs `body` on such a thread, waits for it and hands on what it returns or throws.
    static func run<R>(bytes: Int = bytes, _ body: () throws -> R) throws -> R {
        try withoutActuallyEscaping(body) { body in
            let call = Call(body)
            let started = dlc_call_on_stack(Int64(bytes), { context in
                if let context { Unmanaged<AnyCall>.fromOpaque(context).takeUnretainedValue().perform() }
            }, Unmanaged<AnyCall>.passUnretained(call).toOpaque())
            guard started, let result = call.result else { throw DLCError("cannot start a thread with a stack of \(bytes) bytes") }
            return try result.get()
        }
    }

    private class AnyCall {
        func perform() {}
    }

    private final class Call<R>: AnyCall {
        private let body: () throws -> R
        private(set) var result: Result<R, any Error>?

        init(_ body: @escaping () throws -> R) { self.body = body }

        override func perform() { result = Result { try body() } }
    }
}
