"""Data made by a rule, with a fixed seed, where no real data show what is to be shown."""
import numpy as np

from registry import dataset, save, save_text

RULE = "made by Tools/datasets/made.py"
FREE = "the project's"


def gate(name, truth):
    @dataset(name, RULE, FREE, f"the four rows of {name.upper()}'s truth table")
    def make(folder):
        x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
        y = np.array([[truth(bool(a), bool(b))] for a, b in x], np.float32)
        for part in ("train", "test"):
            save(folder, part, x=x, target=y)


gate("and", lambda a, b: a and b)
gate("or", lambda a, b: a or b)
gate("xor", lambda a, b: a != b)


@dataset("spiral", RULE, FREE, "points of three arms that wind about each other, as in Stanford's CS231n; 300 and 300")
def spiral(folder):
    rng = np.random.default_rng(1)
    for part in ("train", "test"):
        radius = np.tile(np.linspace(0.02, 1, 100), 3)
        label = np.repeat(np.arange(3), 100)
        angle = radius * 4 + label * 2 * np.pi / 3 + rng.normal(0, 0.1, 300)
        save(folder, part, x=np.stack([radius * np.sin(angle), radius * np.cos(angle)], 1), label=label)


def wild(x):
    """A function that no polynomial of low degree is near: waves that get faster, a step and a bend."""
    return np.sin(8 * x * np.abs(x)) * np.exp(-x * x / 4) + 0.5 * (x > 0.6) + 0.4 * np.abs(x + 1.2)


@dataset("wild-function", RULE, FREE, "a function of one number with waves, a step and a bend; 2,048 points and 1,000 between")
def wild_function(folder):
    rng = np.random.default_rng(2)
    x = rng.uniform(-2, 2, (2048, 1))
    save(folder, "train", x=x, target=wild(x))
    x = np.linspace(-1.99, 1.99, 1000)[:, None]
    save(folder, "test", x=x, target=wild(x))


@dataset("outliers", RULE, FREE, "a line with noise; every tenth training point is 20 too high")
def outliers(folder):
    rng = np.random.default_rng(3)
    for part, count in (("train", 1000), ("test", 500)):
        x = rng.uniform(-1, 1, (count, 1))
        y = 3 * x - 1 + rng.normal(0, 0.1, (count, 1))
        if part == "train":
            y[::10] += 20
        save(folder, part, x=x, target=y)


@dataset("moving-digits", "scikit-learn (PyPI), moved by a rule", "BSD-3-Clause",
         "twelve frames of 12 × 12 in which a digit of scikit-learn's drifts, is swapped for another and is hidden at times; a label a frame")
def moving_digits(folder):
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8) / 16
    parts = train_test_split(images, labels, test_size=450, random_state=1, stratify=labels)
    rng = np.random.default_rng(4)
    for part, x, y, count in (("train", parts[0], parts[2], 3000), ("test", parts[1], parts[3], 600)):
        frames = np.zeros((count, 12, 12, 12), np.float32)
        truth = np.zeros((count, 12), np.int64)
        for i in range(count):
            change = rng.integers(4, 9)
            place, step = rng.integers(0, 5, 2), rng.integers(-1, 2, 2)
            chosen = rng.integers(0, len(x), 2)
            for t in range(12):
                k = chosen[int(t >= change)]
                place = np.clip(place + step, 0, 4)
                truth[i, t] = y[k]
                # Half of the frames show noise alone: which digit it is, only those before can tell.
                if t in (0, change) or rng.random() < 0.5:
                    frames[i, t, place[0]:place[0] + 8, place[1]:place[1] + 8] = x[k]
            frames[i] += rng.normal(0, 0.15, (12, 12, 12))
        save(folder, part, frames=frames[:, :, None], label=truth)


COLOURS = np.array([[0.9, 0.2, 0.2], [0.2, 0.8, 0.3], [0.25, 0.35, 0.95], [0.9, 0.8, 0.2], [0.8, 0.3, 0.85]])


def inside(kind, size, cy, cx, radius):
    """The pixels of a disc (1), a square (2) or a triangle (3)."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    if kind == 1:
        return (y - cy) ** 2 + (x - cx) ** 2 <= radius ** 2
    if kind == 2:
        return (np.abs(y - cy) <= radius * 0.85) & (np.abs(x - cx) <= radius * 0.85)
    return (y >= cy - radius) & (y <= cy + radius) & (np.abs(x - cx) <= (y - cy + radius) / 2)


def scene(rng, size, most, least=1):
    """An image [3, size, size] with shapes over each other on a smooth ground, classes of pixels, and per shape its kind,
    box (left, top, right, bottom) and visible pixels."""
    y, x = np.mgrid[0:size, 0:size] / size
    ground = rng.uniform(0.1, 0.6, (3, 1, 1)) + rng.uniform(-0.3, 0.3, (3, 1, 1)) * y + rng.uniform(-0.3, 0.3, (3, 1, 1)) * x
    image, classes, owner, shapes = ground, np.zeros((size, size), np.int64), np.full((size, size), -1), []
    for i in range(rng.integers(least, most + 1)):
        kind, radius = rng.integers(1, 4), rng.uniform(0.11, 0.22) * size
        for _ in range(20):  # somewhere that hides no other shape's middle
            cy, cx = rng.uniform(radius, size - radius, 2)
            if all((cy - a) ** 2 + (cx - b) ** 2 > (0.8 * (radius + r)) ** 2 for a, b, r in ((s["y"], s["x"], s["r"]) for s in shapes)):
                break
        pixels = inside(kind, size, cy, cx, radius)
        colour = COLOURS[rng.integers(len(COLOURS))] + rng.normal(0, 0.05, 3)
        image = np.where(pixels, colour[:, None, None], image)
        classes = np.where(pixels, kind, classes)
        owner = np.where(pixels, i, owner)
        rows, columns = np.nonzero(pixels)
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / size
        shapes.append({"kind": kind, "box": box, "y": cy, "x": cx, "r": radius})
    image = np.clip(image + rng.normal(0, 0.06, image.shape), 0, 1)
    for i, shape in enumerate(shapes):
        shape["pixels"] = owner == i
    return image.astype(np.float32), classes, shapes


@dataset("scenes", RULE, FREE, "discs, squares and triangles over each other on 48 × 48 pixels; the class of every pixel; 2,000 and 300")
def scenes(folder):
    rng = np.random.default_rng(5)
    for part, count in (("train", 2000), ("test", 300)):
        made = [scene(rng, 48, 4) for _ in range(count)]
        save(folder, part, image=np.stack([m[0] for m in made]), mask=np.stack([m[1] for m in made]))


@dataset("one-shape", RULE, FREE, "one disc, square or triangle on 48 × 48 pixels, its class and its box; 2,000 and 300")
def one_shape(folder):
    rng = np.random.default_rng(6)
    for part, count in (("train", 2000), ("test", 300)):
        made = [scene(rng, 48, 1) for _ in range(count)]
        save(folder, part, image=np.stack([m[0] for m in made]), label=np.array([m[2][0]["kind"] - 1 for m in made]),
             box=np.stack([m[2][0]["box"] for m in made]))


@dataset("boxes", RULE, FREE, "up to three shapes on 64 × 64 pixels: kinds (3 is none), boxes in parts of the extents, and masks of 64 × 64")
def boxes(folder):
    rng = np.random.default_rng(7)
    for part, count in (("train", 2400), ("test", 300)):
        image = np.zeros((count, 3, 64, 64), np.float32)
        kind = np.full((count, 3), 3, np.int64)
        box = np.zeros((count, 3, 4), np.float32)
        masks = np.zeros((count, 3, 64, 64), np.float32)
        for i in range(count):
            image[i], _, shapes = scene(rng, 64, 3)
            for k, shape in enumerate(shapes):
                kind[i, k], box[i, k], masks[i, k] = shape["kind"] - 1, shape["box"], shape["pixels"]
        save(folder, part, image=image, kind=kind, box=box, masks=masks)


MONTHS = "January February March April May June July August September October November December".split()


@dataset("dates", RULE, FREE, "dates as people write them, and as ISO 8601 has them, by symbols: 8,000 and 1,000 pairs")
def dates(folder):
    import datetime
    rng = np.random.default_rng(8)
    symbols = "~^ abcdefghijklmnopqrstuvwxyz0123456789,./-"  # ~ fills, ^ begins
    code = {s: i for i, s in enumerate(symbols)}
    seen, rows = set(), []
    while len(rows) < 9000:
        day = datetime.date(1900, 1, 1) + datetime.timedelta(days=int(rng.integers(0, 55_000)))
        month = MONTHS[day.month - 1]
        form = rng.integers(5)
        text = [f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}", f"{day.day}. {month[:3]}. {day.year}",
                f"{day.month}/{day.day}/{day.year}", f"{day.day} of {month}, {day.year}"][form].lower()
        if text not in seen:
            seen.add(text)
            rows.append((text, day.isoformat()))
    source = np.array([[code[s] for s in text.ljust(22, "~")] for text, _ in rows])
    label = np.array([[code[s] for s in iso] for _, iso in rows])
    target = np.concatenate([np.full((len(rows), 1), code["^"]), label[:, :-1]], 1)
    for part, chosen in (("train", slice(0, 8000)), ("test", slice(8000, None))):
        save(folder, part, source=source[chosen], target=target[chosen], label=label[chosen])
    save_text(folder, "symbols.txt", symbols)
