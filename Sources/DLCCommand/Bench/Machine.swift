import CKernels
import DLC

/// What the machine can do at best with a target's instructions on a number of threads, measured when it is made.
struct Machine {
    private let rates: dlc_machine
    let target: Target
    let threads: Int

    /// Takes about a tenth of a second.
    init(_ target: Target, threads: Int) throws {
        let pool = dlc_threads_create(Int32(clamping: threads))
        defer { dlc_threads_destroy(pool) }
        var rates = dlc_machine()
        guard dlc_machine_measure(target.isa, pool, Int32(clamping: threads), &rates) else {
            throw DLCError("not enough memory to measure the machine")
        }
        self.rates = rates
        self.target = target
        self.threads = threads
    }

    /// Multiply–adds in registers, counted as two operations each, per second.
    var operationsPerSecond: Double { rates.flops }

    /// Bytes per second of reading memory of some sizes, ascending, from second-level cache to main memory.
    var readRates: [(bytes: Int, rate: Double)] {
        withUnsafeBytes(of: rates.bytes) { bytes in
            withUnsafeBytes(of: rates.read) { read in
                zip(bytes.bindMemory(to: Int64.self), read.bindMemory(to: Double.self)).map { (Int($0), $1) }
            }
        }
    }

    /// The least seconds for reading and writing so many bytes of memory that is `footprint` large.
    func seconds(read: Double, written: Double, footprint: Double) -> Double {
        withUnsafePointer(to: rates) { dlc_machine_seconds($0, read, written, footprint) }
    }

    /// One line for people.
    var text: String {
        let rates = readRates
        let speeds = rates.map { Format.fixed($0.rate / 1e9, 0) }.joined(separator: ", ")
        let sizes = rates.isEmpty ? "" : " of \(Format.bytes(rates[0].bytes)) to \(Format.bytes(rates[rates.count - 1].bytes))"
        return
            "\(target.name) on \(threads) thread\(threads == 1 ? "" : "s") here: at most \(Format.fixed(operationsPerSecond / 1e9, 1)) GFLOP/s; "
            + "reading at \(speeds) GB/s\(sizes)"
    }
}
