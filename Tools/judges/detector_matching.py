"""Comparing what detectors find: `Judgement` knows which of the found things rounding decides, and holds an answer to the others.

An answer is what a detector gives by output's name: torchvision's `boxes`, `scores`, `labels` and what belongs to each, or YOLO's rows
`found`, `[N, 6]` of box, score and label.
"""
import numpy as np

# What may differ where rounding moves nothing more.
LIMITS = {"scores": 1e-5, "keypoints_scores": 1e-4, "boxes": 1e-2, "keypoints": 1e-2, "masks": 1e-4}
# By how many limits a thing may move in the controls before it counts as decided by rounding, and how much farther than in
# the controls it may lie in an answer.
MOST, FARTHER = 30, 3
# The least share of things that rounding must not decide.
SHARE = 0.75


class Undecided(Exception):
    """Rounding decides too much of what is found; the text says how much."""


class Thing:
    """One found thing: its label and its values by name."""

    def __init__(self, label, values):
        self.label, self.values = label, values
        self.score = float(values["scores"])

    def apart(self, other):
        """The largest difference as a share of its limit; infinite for other labels and shapes."""
        if self.label != other.label or self.values.keys() != other.values.keys():
            return np.inf
        if any(value.shape != other.values[name].shape for name, value in self.values.items()):
            return np.inf
        differences = (np.abs(value - other.values[name]).max(initial=0) / LIMITS[name] for name, value in self.values.items())
        worst = max(map(float, differences))
        return worst if worst == worst else np.inf


def things(answer):
    """What an answer holds, in its order."""
    if "found" in answer:
        rows = answer["found"].astype(np.float64)
        return [Thing(int(row[5]), {"boxes": row[:4], "scores": row[4]}) for row in rows]
    values = {name: value.astype(np.float64) for name, value in answer.items() if name != "labels"}
    return [Thing(int(label), {name: value[place] for name, value in values.items()}) for place, label in enumerate(answer["labels"])]


def matched(expected, found):
    """For every expected thing the place of the nearest that no other has, nearest pairs first, and how far it is; None and infinity
    where there is none of its label."""
    distances = np.array([[one.apart(other) for other in found] for one in expected]).reshape(len(expected), len(found))
    places, reached = [None] * len(expected), [np.inf] * len(expected)
    for flat in np.argsort(distances, axis=None, kind="stable"):
        row, column = divmod(int(flat), len(found))
        if not np.isfinite(distances[row, column]):
            break
        if places[row] is None and column not in places:
            places[row], reached[row] = column, float(distances[row, column])
    return places, reached


class Judgement:
    """What must be found, known from an answer and others to the same question that differ by rounding (controls)."""

    def __init__(self, reference, controls):
        self.reference = reference
        self.expected = things(reference)
        others = [things(control) for control in controls]
        self.union = self.expected + [thing for other in others for thing in other]
        moved = np.array([matched(self.expected, other)[1] for other in others]).reshape(len(others), len(self.expected))
        self.movement = moved.max(0, initial=0)
        self.stable = self.movement <= MOST
        # How many an answer may have that nobody else has: as many as come and go in the controls.
        self.free = max([int((row > MOST).sum()) for row in moved] + [len(other) - len(self.expected) for other in others] + [0])

    def require(self, least):
        """
        - Raises: Undecided where fewer than `least` things, or too small a share of them, are the same in all controls.
        """
        decided = int(self.stable.sum())
        if decided < least or decided < SHARE * len(self.expected):
            raise Undecided(f"{decided} of {len(self.expected)} things found are the same in all controls")

    def fault(self, answer):
        """What is wrong with an answer, or None: the stable things must be there, as near as controls are to each other, in their
        order but for scores that are equal up to rounding; all others must be what some control has found, but for as many as come
        and go there."""
        for name, value in self.reference.items():
            found = answer.get(name)
            if found is None or found.dtype != value.dtype or found.shape[1:] != value.shape[1:]:
                kind = "missing" if found is None else f"{found.dtype}{list(found.shape)}"
                return f"{name} is {kind}, not {value.dtype}{list(value.shape)}"
            if len(found) != len(next(iter(answer.values()))):
                return f"{name} has {len(found)} rows"
            if not np.isfinite(found.astype(np.float64)).all():
                return f"{name} is not finite"
        found = things(answer)
        places, reached = matched(self.expected, found)
        for thing, isStable, movement, distance in zip(self.expected, self.stable, self.movement, reached):
            if isStable and distance > max(1, FARTHER * movement):
                return f"class {thing.label} with score {thing.score:.6f} is {distance:.1e} limits away, at most {movement:.1e} in controls"
        kept = [(place, thing) for place, thing, isStable in zip(places, self.expected, self.stable) if isStable]
        tie = 2 * FARTHER * LIMITS["scores"] * max([1, *self.movement[self.stable]])
        for index, (place, thing) in enumerate(kept):
            for later, other in kept[index + 1:]:
                if place > later and abs(thing.score - other.score) > tie:
                    return f"scores {thing.score:.6f} and {other.score:.6f} are in another order"
        taken = {place for place, _ in kept}
        strangers = [
            thing for place, thing in enumerate(found)
            if place not in taken and min((thing.apart(other) for other in self.union), default=np.inf) > FARTHER * MOST]
        if len(strangers) > self.free:
            return f"{len(strangers)} things are found that are in no control, {self.free} may be"
        if len(found) - len(self.expected) > self.free or len(self.expected) - len(found) > self.free:
            return f"{len(found)} things are found, not {len(self.expected)}"
        return None

    def nearest(self, answer):
        """The largest difference among stable things, in limits."""
        reached = np.array(matched(self.expected, things(answer))[1])[self.stable]
        return float(reached.max(initial=0))

    def misses(self):
        """Which of some wrong answers pass, to be none: one without the best thing, one with a class changed, one with a box moved
        by two pixels, one with two things exchanged whose scores differ, and one with things twice.
        """
        place = int(np.flatnonzero(self.stable)[0])
        wrong = {"a thing is missing": {name: np.delete(value, place, 0) for name, value in self.reference.items()}}
        for label, name, column, change in (("another class", "labels", 5, 1), ("a moved box", "boxes", 0, 2)):
            name, changed = ("found", column) if "found" in self.reference else (name, 0)
            value = self.reference[name].copy()
            if value.ndim == 1:
                value[place] += change
            else:
                value[place, changed] += change
            wrong[label] = {**self.reference, name: value}
        wrong["things twice"] = {name: np.concatenate([value, value]) for name, value in self.reference.items()}
        if self.expected[-1].score < self.expected[0].score - 1e-2 and self.stable[0] and self.stable[-1]:
            wrong["another order"] = {name: value[::-1] for name, value in self.reference.items()}
        return [label for label, answer in wrong.items() if self.fault(answer) is None]
