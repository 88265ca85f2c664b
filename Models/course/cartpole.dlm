// Mnih et al., "Human-level control through deep reinforcement learning", 2015, with the goals of van Hasselt, Guez and Silver, "Deep
// reinforcement learning with double Q-learning", 2016, on the pole of Barto, Sutton and Anderson, "Neuronlike adaptive elements
// that can solve difficult learning control problems", 1983, as gymnasium's CartPole-v1 has it.
// There are no data: games, replay memory and learning are one graph. A run is a move in every game and a step of learning.

/// The states [N, 4] (place, speed, angle, turning) after a push to the left (0) or right (1), and 1 where the pole has fallen or the
/// cart left the track.
block push(games, action) {
    x, speed, angle, turning = games.split(4, axis: 1)
    force = 20 * action.cast(games.type).unsqueeze(1) - 10
    drive = (force + 0.05 * turning ** 2 * angle.sin()) / 1.1
    turn = (9.8 * angle.sin() - angle.cos() * drive) / (0.5 * (4 / 3 - 0.1 * angle.cos() ** 2 / 1.1))
    pull = drive - 0.05 * turn * angle.cos() / 1.1
    after = concat(x + 0.02 * speed, speed + 0.02 * pull, angle + 0.02 * turning, turning + 0.02 * turn, axis: 1)
    isOver = after[:, 0].abs() > 2.4 || after[:, 2].abs() > 12 * 2 * pi / 360
    return after, isOver.cast(games.type)
}

/// What each push is worth.
block values(games, hidden) {
    return (games / tensor([2.4, 2, 0.2, 2], type: f32)).dense(hidden, name: "hidden1").relu().dense(hidden, name: "hidden2").relu().dense(2, name: "output")
}

/// The world alone.
model CartPole(games: f64[N, 4], action: i64[N]) {
    after, ended = games.push(action)
    return after: after, ended: ended
}

/// The better push in each game.
model Play(games: f32[N, 4], hidden = 64) {
    return action: games.values(hidden, name: "online").argmax(axis: 1)
}

/// `explore` is how many of the moves are tried at random. `seen` and the other states in rows of `played` games are the memory of
/// the last `slots` moves in each.
training LearnCartPole(explore: f32[], played = 8, slots = 2000, drawn = 128, hidden = 64, discount = 0.97, rate = 5e-4, steps = 20_000) {
    follow "target", of: "online", every: 1, rate: 0.01
    state games: f32[played, 4]
    state age: f32[played]
    state count: f32[1]
    state seen: f32[slots, played, 4]
    state pushed: f32[slots, played]
    state led: f32[slots, played, 4]
    state lost: f32[slots, played]

    online = values(hidden: hidden, name: "online")
    target = values(hidden: hidden, name: "target")
    draw = fill([played], 0)
    action = where(draw.randomUniform() < explore, (draw.randomUniform() * 2).floor().cast(i64), online(games).argmax(axis: 1))
    after, ended = games.push(action)
    isOver = ended > 0 || age >= 499
    start = fill([played, 4], 0).randomUniform(low: -0.05, high: 0.05)
    next games = where(isOver.unsqueeze(1), start, after)
    next age = where(isOver, 0, age + 1)
    next count = count + 1

    isSlot = tensor(0..<slots, type: f32) == count - slots * (count / slots).floor()
    seen = where(isSlot.reshape([slots, 1, 1]), games, seen)
    pushed = where(isSlot.reshape([slots, 1]), action.cast(f32), pushed)
    led = where(isSlot.reshape([slots, 1, 1]), after, led)
    lost = where(isSlot.reshape([slots, 1]), ended, lost)
    next seen = seen
    next pushed = pushed
    next led = led
    next lost = lost

    known = minimum(count + 1, slots) * played
    chosen = (fill([drawn], 0).randomUniform() * known).floor().cast(i64)
    before = seen.reshape([slots * played, 4]).gather(chosen)
    later = led.reshape([slots * played, 4]).gather(chosen)
    push = pushed.reshape([slots * played]).gather(chosen).cast(i64)
    isLast = lost.reshape([slots * played]).gather(chosen)
    best = online(later).argmax(axis: 1)
    goal = 1 + discount * (1 - isLast) * (target(later) * best.oneHot(2)).sum(axes: 1)
    value = (online(before) * push.oneHot(2)).sum(axes: 1)
    loss = value.huber(goal.stopGradient())
    minimize loss, by: adam(cosine(rate, steps: steps)), over: "online", clip: globalNorm(10)
    return loss: loss, lost: ended.mean(), value: value.mean()
}
