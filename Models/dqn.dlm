// Mnih et al., "Human-level control through deep reinforcement learning", 2015.

/// Values every action by the last four frames of a game, as brightness from 0 to 1.
model DQN(frames: f32[N, 4, 84, 84], actions = 18) {
    x = frames.conv(32, kernel: 8, stride: 4, name: "conv1").relu()
    x = x.conv(64, kernel: 4, stride: 2, name: "conv2").relu()
    x = x.conv(64, kernel: 3, name: "conv3").relu()
    return values: x.flatten().dense(512, name: "fc1").relu().dense(actions, name: "fc2")
}

/// Learns from moves that were made: frames before and after, the action, its reward, and 1 where the game ended with it. Goals
/// come from a copy of the network that follows the one that learns now and then.
training TrainDQN(
    frames: f32[N, 4, 84, 84], action: i64[N], reward: f32[N], after: f32[N, 4, 84, 84], ended: f32[N],
    actions = 18, discount = 0.99, rate = 2.5e-4
) {
    follow "target", of: "online", every: 10_000
    values = DQN(frames, actions: actions, name: "online")
    best = DQN(after, actions: actions, name: "target").max(axes: 1)
    goal = reward + discount * (1 - ended) * best.stopGradient()
    chosen = (values * action.oneHot(actions)).sum(axes: 1)
    loss = chosen.huber(goal)
    minimize loss, by: rmsProp(rate, alpha: 0.95, epsilon: 0.01, centred: true)
    predict values: values, best: values.argmax(axis: 1)
    return loss: loss, value: chosen.mean()
}
