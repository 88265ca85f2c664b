import DLCTensor

/// One batch of a data set.
public struct Batch: Sendable {
    public let epoch: Int
    /// Its number in the epoch, from 0.
    public let index: Int
    /// The examples in it.
    public let indices: [Int]
    public let tensors: [String: Tensor]

    public var count: Int { indices.count }
}

/// The batches of a data set, epoch after epoch, read and decoded ahead by threads of their own.
///
/// Which examples a batch has depends on the order and on its place alone: never on the number of threads, nor on where the
/// reading began. A run that is resumed at `position` sees exactly the rest of the order.
public final class Batches: Sendable {
    /// A place between two batches.
    public struct Position: Sendable, Equatable, Codable {
        public var epoch: Int
        /// The next batch of the epoch.
        public var batch: Int

        public init(epoch: Int = 0, batch: Int = 0) { (self.epoch, self.batch) = (epoch, batch) }
    }

    public struct Options: Sendable {
        public var batchSize: Int
        public var order: ExampleOrder
        /// Whether the last batch of an epoch may have fewer examples; it is left out otherwise.
        public var keepsPartBatch: Bool
        /// Threads that read and decode.
        public var threads: Int
        /// Batches that may be ready before they are asked for.
        public var ahead: Int

        public init(batchSize: Int, order: ExampleOrder, keepsPartBatch: Bool = true, threads: Int = 1, ahead: Int = 4) {
            (self.batchSize, self.order, self.keepsPartBatch) = (batchSize, order, keepsPartBatch)
            (self.threads, self.ahead) = (threads, ahead)
        }
    }

    public var dataset: any Dataset { reader.dataset }
    public var options: Options { reader.options }
    /// The number of batches in an epoch.
    public var countPerEpoch: Int { reader.countPerEpoch }
    private let reader: BatchReader

    /// - Parameters:
    ///   - position: where to begin.
    ///   - transform: applied to the tensors of each batch by the threads that read, such as `Normalisation.apply`.
    /// - Throws: where there would be no batch in an epoch, or the order asks for lengths and there are none.
    public init(
        _ dataset: any Dataset, _ options: Options, at position: Position = Position(),
        transform: @escaping @Sendable ([String: Tensor]) throws -> [String: Tensor] = { $0 }
    ) throws {
        guard options.batchSize > 0 else { throw DLCError("batches of \(options.batchSize) examples; expected at least 1") }
        let size = options.batchSize
        let full = dataset.count / size
        let countPerEpoch = full + (options.keepsPartBatch && dataset.count % size != 0 ? 1 : 0)
        guard countPerEpoch > 0 else {
            throw DLCError("there are \(dataset.count) examples, which make no batch of \(size); expected at least \(size)")
        }
        let lengths = options.order.needsLengths ? try dataset.lengths() : []
        guard let lengths, dataset.count <= UInt32.max || !options.order.needsLengths else {
            throw DLCError("its examples have no lengths to make buckets by; expected sequences", at: [dataset.summary])
        }
        reader = BatchReader(dataset: dataset, options: options, countPerEpoch: countPerEpoch, lengths: lengths, transform: transform)
        try seek(to: position)
    }

    deinit { close() }

    /// What `next` gives next.
    public var position: Position { reader.state.access { $0.position } }

    /// The next batch, or nil once at the end of each epoch; the call after that begins the next epoch.
    /// - Throws: what reading it threw, and the batch is skipped; or where the batches are closed.
    public func next() throws -> Batch? {
        try reader.state.wait { (state) -> Batch?? in
            guard !state.isClosed else { throw DLCError("the batches are closed") }
            if state.position.batch == countPerEpoch {
                state.position = Position(epoch: state.position.epoch + 1)
                return .some(nil)
            }
            reader.startWorkers(&state)
            if let result = state.ready.removeValue(forKey: BatchReader.Ticket(state.generation, state.position)) {
                state.position.batch += 1
                return try result.get()
            }
            // Where the system starts no thread, this one reads.
            if state.workers.isEmpty, let task = reader.take(&state) {
                state.position.batch += 1
                return try reader.read(task)
            }
            return nil
        }
    }

    /// Goes to another place; nothing that was read ahead is given any more.
    /// - Throws: where there is no such place.
    public func seek(to position: Position) throws {
        guard (0...1 << 31).contains(position.epoch), (0...countPerEpoch).contains(position.batch) else {
            throw DLCError("there is no batch \(position.batch) in epoch \(position.epoch); an epoch has \(countPerEpoch)")
        }
        reader.state.access { state in
            state.position = position
            state.upcoming = position
            state.generation += 1
            state.ready = [:]
        }
    }

    /// Stops the threads and waits for them. Happens by itself when the object goes.
    public func close() {
        let workers = reader.state.access { state in
            state.isClosed = true
            state.ready = [:]
            defer { state.workers = [] }
            return state.workers
        }
        for worker in workers { worker.join() }
    }
}
