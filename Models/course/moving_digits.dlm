// A convolutional network reads every frame, an LSTM remembers: Donahue et al., "Long-term recurrent convolutional networks for
// visual recognition and description", 2015.
// Data: frames in which a digit drifts, is hidden half of the time and is swapped for another once (Tools/data moving-digits).

/// The logits of the digit in each frame; without memory each frame is on its own.
model Frames(frames: f32[N, T, 1, 12, 12], hidden = 64, memory = true) {
    x = frames.reshape([-1, 1, 12, 12])
    x = x.conv(16, kernel: 3, padding: 1, name: "conv1").relu().maxPool(2)
    x = x.conv(32, kernel: 3, padding: 1, name: "conv2").relu().maxPool(2).flatten().dense(64, name: "seen").relu()
    x = x.reshape([frames.shape[0], frames.shape[1], 64])
    if memory {
        y, _ = x.lstm(hidden, name: "memory")
        x = y
    }
    return logits: x.dense(10, name: "output")
}

training LearnFrames(frames: f32[N, T, 1, 12, 12], label: i64[N, T], hidden = 64, memory = true, rate = 2e-3) {
    logits = Frames(frames, hidden: hidden, memory: memory)
    loss = logits.transpose([0, 2, 1]).crossEntropy(label)
    minimize loss, by: adam(rate), clip: globalNorm(1)
    predict probabilities: logits.softmax(axis: 2)
    return loss: loss, accuracy: (logits.argmax(axis: 2) == label).cast(f32).mean()
}
