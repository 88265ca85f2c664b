// Bellman, "Dynamic programming", 1957, and Watkins and Dayan, "Q-learning", 1992, on the cliff of Sutton and Barto, "Reinforcement
// learning", example 6.6: 4 × 12 places, from the lower left corner to the lower right one, along a cliff. A move costs 1, the fall
// 100, after which one stands at the start again. Places and moves (up, right, down, left) are gymnasium's CliffWalking's.
// There are no data: the world is part of the graph, and a run is a sweep or a move.

/// Where moves lead, what they bring, and 1 where the game is over.
block move(place, action) {
    row = (place.cast(f32) / 12).floor()
    column = place.cast(f32) - 12 * row
    row = (row + (action == 2).cast(f32) - (action == 0).cast(f32)).clamp(0, 3)
    column = (column + (action == 1).cast(f32) - (action == 3).cast(f32)).clamp(0, 11)
    isCliff = row == 3 && column > 0 && column < 11
    after = where(isCliff, 36, 12 * row + column)
    return after.cast(i64), where(isCliff, -100, fill(place.shape, -1)), (after == 47).cast(f32)
}

/// The world alone.
model Cliff(place: i64[N], action: i64[N]) {
    after, reward, ended = place.move(action)
    return after: after, reward: reward, ended: ended
}

/// A run is a sweep of value iteration over all places.
model ValueIteration(discount: f32[]) {
    state values: f32[48]
    places = tensor(0..<48)
    each = []
    for action in 0..<4 {
        after, reward, ended = places.move(fill([48], action, type: i64))
        each = each + [reward + discount * (1 - ended) * values.gather(after)]
    }
    after = stack(each, axis: 1)
    next values = after.max(axes: 1)
    return values: after.max(axes: 1), policy: after.argmax(axis: 1)
}

/// A run is a move; `chance` is two even numbers below 1, which say whether to try something and what.
model QLearning(chance: f32[2], explore = 0.1, rate = 0.5, discount = 1.0) {
    state q: f32[48, 4]
    state place: i64[1] = 36
    best = q.gather(place).argmax(axis: 1)
    action = where(chance[0:1] < explore, (chance[1:2] * 4).floor().cast(i64), best)
    after, reward, ended = place.move(action)
    goal = reward + discount * (1 - ended) * q.gather(after).max(axes: 1)
    here = place.oneHot(48).transpose() @ action.oneHot(4)
    next q = q + rate * here * (goal - q)
    next place = where(ended > 0, 36, after)
    return q: q, reward: reward, ended: ended
}
