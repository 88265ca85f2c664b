// Mnih et al., "Human-level control through deep reinforcement learning", 2015.

/// Values every action by the last four frames of a game, as brightness from 0 to 1.
model DQN(frames: f32[N, 4, 84, 84], actions = 18) {
    x = frames.conv(32, kernel: 8, stride: 4, name: "conv1").relu()
    x = x.conv(64, kernel: 4, stride: 2, name: "conv2").relu()
    x = x.conv(64, kernel: 3, name: "conv3").relu()
    return values: x.flatten().dense(512, name: "fc1").relu().dense(actions, name: "fc2")
}
