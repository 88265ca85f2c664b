/// Protocol buffers' wire format (developers.google.com/protocol-buffers/docs/encoding), as far as events need it.
private struct Message {
    var bytes: [UInt8] = []

    mutating func append(_ field: Int, varint value: Int) {
        key(field, 0)
        varint(UInt64(bitPattern: Int64(value)))
    }

    mutating func append(_ field: Int, double value: Double) {
        key(field, 1)
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift))) }
    }

    mutating func append(_ field: Int, float value: Float) {
        key(field, 5)
        for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift))) }
    }

    mutating func append(_ field: Int, bytes value: some Collection<UInt8>) {
        key(field, 2)
        varint(UInt64(value.count))
        bytes += value
    }

    private mutating func key(_ field: Int, _ wireType: UInt64) { varint(UInt64(field) << 3 | wireType) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// TensorFlow's message `Event` (`core/util/event.proto`) with a `Summary` (`core/framework/summary.proto`).
struct EventMessage {
    enum Content {
        /// The first of every file.
        case fileVersion
        /// Says that a run begins at the event's step: what other files of the folder hold from there on no longer counts.
        case start
        /// One number per tag.
        case scalars([(tag: String, value: Double)])
        /// The bytes of a PNG file.
        case image(tag: String, height: Int, width: Int, channels: Int, png: [UInt8])
    }

    /// Seconds since 1970.
    var wallTime: Double
    var step = 0
    var content: Content

    var bytes: [UInt8] {
        var event = Message()
        event.append(1, double: wallTime)
        event.append(2, varint: step)
        switch content {
        case .fileVersion: event.append(3, bytes: "brain.Event:2".utf8)
        case .start:
            var log = Message()
            log.append(1, varint: 1)
            event.append(7, bytes: log.bytes)
        case .scalars(let scalars):
            var summary = Message()
            for (tag, number) in scalars {
                var value = Message()
                value.append(1, bytes: tag.utf8)
                value.append(2, float: Float(number))
                summary.append(1, bytes: value.bytes)
            }
            event.append(5, bytes: summary.bytes)
        case .image(let tag, let height, let width, let channels, let png):
            var image = Message()
            image.append(1, varint: height)
            image.append(2, varint: width)
            image.append(3, varint: channels)
            image.append(4, bytes: png)
            var value = Message()
            value.append(1, bytes: tag.utf8)
            value.append(4, bytes: image.bytes)
            var summary = Message()
            summary.append(1, bytes: value.bytes)
            event.append(5, bytes: summary.bytes)
        }
        return event.bytes
    }
}
