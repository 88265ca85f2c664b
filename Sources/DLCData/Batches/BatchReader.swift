import DLCTensor

/// What the threads of `Batches` share. They hold this and never the `Batches`, which so can go while they read.
final class BatchReader: Sendable {
    let dataset: any Dataset
    let options: Batches.Options
    let countPerEpoch: Int
    /// Of all examples, where the order asks for them.
    private let lengths: [Int]
    private let transform: @Sendable ([String: Tensor]) throws -> [String: Tensor]
    let state = Monitor(State())

    struct State {
        /// What the user gets next.
        var position = Batches.Position()
        /// The next batch that no thread has begun.
        var upcoming = Batches.Position()
        var ready: [Ticket: Result<Batch, any Error>] = [:]
        var order: (epoch: Int, order: EpochOrder)?
        /// Counts changes of place: what was begun before one is thrown away.
        var generation = 0
        var isClosed = false
        var workers: [Worker] = []
        var hasStarted = false
    }

    struct Ticket: Hashable {
        var generation, epoch, batch: Int

        init(_ generation: Int, _ position: Batches.Position) {
            (self.generation, epoch, batch) = (generation, position.epoch, position.batch)
        }
    }

    struct Task: Sendable {
        var ticket: Ticket
        var order: EpochOrder
    }

    init(
        dataset: any Dataset, options: Batches.Options, countPerEpoch: Int, lengths: [Int],
        transform: @escaping @Sendable ([String: Tensor]) throws -> [String: Tensor]
    ) {
        (self.dataset, self.options, self.countPerEpoch) = (dataset, options, countPerEpoch)
        (self.lengths, self.transform) = (lengths, transform)
    }

    /// Starts the threads with the first batch that is asked for.
    func startWorkers(_ state: inout State) {
        guard !state.hasStarted else { return }
        state.hasStarted = true
        for _ in 0..<max(1, options.threads) {
            if let worker = Worker({ self.work() }) { state.workers.append(worker) }
        }
    }

    private func work() {
        // An empty optional ends the thread, none at all lets it wait.
        while let task = state.wait({ (state) -> Task?? in state.isClosed ? .some(nil) : take(&state).map { .some($0) } }) {
            let result = Result { try read(task) }
            state.access { state in
                if !state.isClosed, state.generation == task.ticket.generation { state.ready[task.ticket] = result }
            }
        }
    }

    /// The next batch to read, or nil where enough are ready.
    func take(_ state: inout State) -> Task? {
        let (upcoming, position) = (state.upcoming, state.position)
        let distance = (upcoming.epoch - position.epoch) * countPerEpoch + upcoming.batch - position.batch
        guard distance < max(1, options.ahead) else { return nil }
        if upcoming.batch >= countPerEpoch {
            state.upcoming = Batches.Position(epoch: upcoming.epoch + 1)
            return take(&state)
        }
        let order: EpochOrder
        if let known = state.order, known.epoch == upcoming.epoch {
            order = known.order
        } else {
            order = options.order.order(of: upcoming.epoch, count: dataset.count, batchSize: options.batchSize, lengths: lengths)
            state.order = (upcoming.epoch, order)
        }
        state.upcoming.batch += 1
        return Task(ticket: Ticket(state.generation, upcoming), order: order)
    }

    func read(_ task: Task) throws -> Batch {
        let start = task.ticket.batch * options.batchSize
        let indices = task.order.indices(start..<min(start + options.batchSize, task.order.count))
        let tensors = try transform(dataset.batch(indices))
        return Batch(epoch: task.ticket.epoch, index: task.ticket.batch, indices: indices, tensors: tensors)
    }
}
