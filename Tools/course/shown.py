"""Pictures of what was learned, as PNG files in the system's folder."""
import os

import numpy as np

COLOURS = np.array([[230, 90, 80], [80, 150, 230], [120, 190, 90], [230, 180, 70], [150, 100, 200], [90, 190, 190], [210, 120, 170], [130, 130, 130]])


def picture(course, name, pixels, factor=1):
    """Writes pixels [H, W] from 0 to 1, or [H, W, 3] from 0 to 255, each as a square of `factor` pixels."""
    from PIL import Image
    if pixels.ndim == 2:
        pixels = np.repeat(255 * np.clip(pixels, 0, 1)[:, :, None], 3, 2)
    image = Image.fromarray(pixels.astype(np.uint8))
    image = image.resize((image.width * factor, image.height * factor), Image.NEAREST)
    image.save(os.path.join(course.folder, name + ".png"))


def grid(course, name, images, columns=10, factor=2):
    """Pictures [N, 1, H, W] from 0 to 1, side by side."""
    rows = len(images) // columns
    height, width = images.shape[2:]
    sheet = images[:rows * columns, 0].reshape(rows, columns, height, width).transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
    picture(course, name, sheet, factor)


def boundaries(course, name, classes, points, labels):
    """The class of every point of a square grid from -1 to 1, [S, S] with rows downwards, and the data upon it."""
    pixels = (COLOURS[classes] + 2 * 255) / 3
    size = len(classes)
    for (x, y), label in zip(points, labels):
        row, column = (int(np.clip((v + 1) / 2 * size, 1, size - 2)) for v in (-y, x))
        pixels[row - 1:row + 1, column - 1:column + 1] = COLOURS[label]
    picture(course, name, pixels, 2)


def curves(course, name, series, width=640, height=400):
    """Lines of numbers over steps, by name, each smoothed over a fiftieth of its length, with a logarithmic scale."""
    from PIL import Image, ImageDraw
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    smooth = {}
    for label, values in series.items():
        span = max(1, len(values) // 50)
        values = np.convolve(np.where(np.isfinite(values), values, np.nan), np.ones(span) / span, "valid")
        smooth[label] = np.log10(np.maximum(values, 1e-6))
    low, high = (f([f(v[np.isfinite(v)]) for v in smooth.values()]) for f in (min, max))
    high = min(high, 1.5)
    for i, (label, values) in enumerate(smooth.items()):
        colour = tuple(COLOURS[i % len(COLOURS)])
        x = 50 + np.arange(len(values)) / max(1, len(values) - 1) * (width - 200)
        y = 20 + (high - values) / max(high - low, 1e-9) * (height - 50)
        draw.line([(a, b) for a, b in zip(x, y) if np.isfinite(b) and b > 5], fill=colour, width=2)
        draw.text((width - 140, 20 + 16 * i), label, fill=colour)
    for power in np.arange(np.ceil(low * 2) / 2, high + 0.01, 0.5):
        y = 20 + (high - power) / max(high - low, 1e-9) * (height - 50)
        draw.text((4, y - 5), f"{10 ** power:.2g}", fill="black")
    draw.text((width // 2 - 60, height - 18), "loss over steps", fill="black")
    image.save(os.path.join(course.folder, name + ".png"))
