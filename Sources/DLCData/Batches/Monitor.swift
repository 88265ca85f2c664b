#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A value behind a lock that threads can wait at until it changes.
final class Monitor<Value>: @unchecked Sendable {
    private var value: Value
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(_ value: sending Value) {
        self.value = value
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Looks at the value or changes it, alone; who waits looks again.
    func access<R>(_ body: (inout Value) throws -> R) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return try body(&value)
    }

    /// Calls `body` now and after each change, until it returns something.
    func wait<R>(_ body: (inout Value) throws -> R?) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        while true {
            if let result = try body(&value) { return result }
            pthread_cond_wait(changed, mutex)
        }
    }
}

/// A thread of the system that runs one function.
final class Worker: @unchecked Sendable {
    private var thread: pthread_t?

    /// - Returns: nil where the system starts no further thread.
    init?(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        let box = Unmanaged.passRetained(Box(body))
        #if canImport(Darwin)
            let status = pthread_create(
                &thread, nil,
                {
                    Unmanaged<Box>.fromOpaque($0).takeRetainedValue().body()
                    return nil
                }, box.toOpaque())
        #else
            var made = pthread_t()
            let status = pthread_create(
                &made, nil,
                { context in
                    if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
                    return nil
                }, box.toOpaque())
            thread = made
        #endif
        if status != 0 {
            box.release()
            return nil
        }
    }

    /// Waits until the function has returned. To be called once.
    func join() {
        if let thread { pthread_join(thread, nil) }
        thread = nil
    }
}
