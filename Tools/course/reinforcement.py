"""A grid world and a pole, whose dynamics are part of the graph; gymnasium is the judge."""
import numpy as np

from dlc import processor_time
from registry import Report, system


@system("cliff")
def cliff(course, short):
    import gymnasium
    report = Report()
    env = gymnasium.make("CliffWalking-v1")
    world = env.unwrapped.P
    place, action = (grid.reshape(-1) for grid in np.meshgrid(np.arange(48), np.arange(4), indexing="ij"))
    answer = course.run("cliff.dlm", {"place": place, "action": action}, model="Cliff")
    # Where one never stands, on the cliff and behind the end, gymnasium's table goes on all the same.
    same = [world[p][a][0][1:] == (answer["after"][i], answer["reward"][i], bool(answer["ended"][i]))
            for i, (p, a) in enumerate(zip(place, action)) if not 36 < p]
    report.tell(f"{sum(same)} of {len(same)} moves are gymnasium's", all(same))

    begun = processor_time()
    values = course.run("cliff.dlm", {"discount": np.full(40, 1, np.float32)}, model="ValueIteration")
    truth = np.zeros(48)
    for _ in range(40):
        truth = np.array([max(r + (not e) * truth[n] for [(_, n, r, e)] in world[p].values()) for p in range(48)])
    difference = np.abs(values["values"][-1] - truth)[:37].max()
    report.tell(f"value iteration: {values['values'][-1][36]:.0f} from the start, by {difference:.1g} another value than NumPy's", difference < 1e-5)

    chance = np.random.default_rng(1).random((8000, 2)).astype(np.float32)
    q = course.run("cliff.dlm", {"chance": chance}, model="QLearning")["q"][-1]
    report.seconds = processor_time() - begun
    at, total, ended = env.reset(seed=1)[0], 0, False
    while not ended and total > -200:
        at, reward, ended, _, _ = env.step(int(q[at].argmax()))
        total += reward
    report.tell(f"Q-learning after 8,000 moves walks to the end for {total} in gymnasium; the best is -13", total == -13)
    return report


@system("cartpole")
def cartpole(course, short):
    import gymnasium
    report = Report()
    rng = np.random.default_rng(1)
    env = gymnasium.make("CartPole-v1")
    games = rng.uniform([-2.3, -2, -0.2, -2], [2.3, 2, 0.2, 2], (500, 4))
    action = rng.integers(0, 2, 500)
    answer = course.run("cartpole.dlm", {"games": games, "action": action}, model="CartPole")
    worst, ends = 0, []
    for i in range(500):
        env.reset(seed=1)
        env.unwrapped.state = games[i].copy()
        _, _, over, _, _ = env.step(int(action[i]))
        worst = max(worst, np.abs(np.array(env.unwrapped.state) - answer["after"][i]).max())
        ends.append(over == (answer["ended"][i] > 0))
    report.tell(f"the world's moves differ from gymnasium's by {worst:.1g} at most", worst < 1e-6 and all(ends))

    # What is learned last is now a good and now a bad player, so a few seeds are tried, and other games say which is taken.
    steps, best = 20_000, (0, None)
    explore = np.maximum(0.05, 1 - np.arange(steps) / 6000).astype(np.float32)
    for seed in range(1, 7):
        trained = course.play("cartpole.dlm", "LearnCartPole", {"explore": explore}, steps=steps, seed=seed)
        report.took(trained)
        network = load_network(trained.weights(lambda name: name.startswith("online.")))
        best = max(best, (np.mean(lengths_of(env, network, 20, 5000)), seed, network), key=lambda entry: entry[0])
        if best[0] >= 300:
            break
    lengths = lengths_of(env, best[2], 100, 1000)
    report.tell(f"{steps} moves in each of 8 games, {seed} seeds tried: {np.mean(lengths):.1f} on average over 100 of gymnasium's games, the "
                f"shortest {min(lengths)}", np.mean(lengths) >= 195)
    return report


def lengths_of(env, network, count, seed):
    """How long games of gymnasium's last under the network's better pushes."""
    lengths = []
    for game in range(count):
        state, length, over = env.reset(seed=seed + game)[0], 0, False
        while not over:
            state, _, ended, truncated, _ = env.step(int(network(state).argmax()))
            length += 1
            over = ended or truncated
        lengths.append(length)
    return lengths


def load_network(path):
    """The network that was learned, in NumPy."""
    from safetensors.numpy import load_file
    weights = load_file(path)

    def network(x):
        x = x / np.array([2.4, 2, 0.2, 2], np.float32)
        for name in ("hidden1", "hidden2", "output"):
            x = weights[f"online.{name}.weight"] @ x + weights[f"online.{name}.bias"]
            x = x if name == "output" else np.maximum(x, 0)
        return x
    return network
