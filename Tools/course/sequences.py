"""Texts, tunes, frames and translations."""
import os

import numpy as np

from basics import percent
from dlc import data_of
from registry import Report, system
from shown import picture


def first(data, count):
    return {key: values[:count] for key, values in data.items()}


def symbols_of(name):
    with open(os.path.join(".build", "data", name, "symbols.txt"), encoding="utf-8", newline="") as file:
        return file.read()


def lines_of(name, file):
    with open(os.path.join(".build", "data", name, file), encoding="utf-8") as lines:
        return lines.read().splitlines()


@system("folk-tunes", ["folk-tunes"])
def folk_tunes(course, short):
    report = Report()
    train, test = data_of("folk-tunes")
    symbols = symbols_of("folk-tunes")
    values = {"vocabulary": len(symbols), "hidden": 128 if short else 192}
    if short:  # the shorter tunes are enough to learn to spell
        few = train["counted"].sum(1) <= 128
        train = {key: a[few][:1280, :128] for key, a in train.items()}
    epochs, batch = (4, 16) if short else (2, 32)
    trained = course.fit("folk_tunes.dlm", "LearnFolkTunes", train, batch=batch, epochs=epochs, rate=8e-3 if short else 3e-3,
                         steps=epochs * (len(train["label"]) // batch), **values)
    bits = float(trained.evaluate(test, batch=64)["bits"])
    report.took(trained)
    counts = np.bincount(test["label"][test["counted"] > 0], minlength=len(symbols)) / test["counted"].sum()
    plain = -(counts[counts > 0] * np.log2(counts[counts > 0])).sum()
    report.tell(f"{bits:.2f} bits per symbol of unseen tunes; {plain:.2f} by frequencies alone", bits < (2.9 if short else 2.2))
    tunes = written(course, trained.weights(), symbols, values, 4000)
    with open(os.path.join(course.folder, "tunes.abc"), "w", encoding="utf-8") as file:
        file.write("\n".join(f"X:{i + 1}\n{tune}" for i, tune in enumerate(tunes)))
    good = [tune for tune in tunes if parsed(tune)]
    report.tell(f"music21 reads {len(good)} of {len(tunes)} tunes that were drawn, with a key, a meter and eight notes or more", len(good) > 0)
    if good and not short:
        report.tell("one of them: " + max(good, key=len).replace("\n", " / "))
    return report


def written(course, weights, symbols, values, count):
    """The whole tunes among `count` symbols drawn from the distribution that was learned."""
    noise = np.random.default_rng(1).gumbel(size=(count, 1, len(symbols))).astype(np.float32)
    answer = course.run("folk_tunes.dlm", {"noise": noise}, weights=weights, model="Write", **values)
    text = "".join(symbols[i] for i in answer["symbol"].reshape(-1))
    return [tune for tune in text.split("\0")[:-1] if tune]


def parsed(tune):
    """Whether music21 makes a score with at least eight notes and a key of it."""
    from music21 import converter
    try:
        score = converter.parse("X:1\n" + tune, format="abc")
        return "K:" in tune and "M:" in tune and len(score.flatten().notes) >= 8
    except Exception:  # whatever the parser does not understand
        return False


def windows_of_bible(symbols, step):
    """The King James Bible's symbols that Shakespeare has too, as windows of 64."""
    code = {symbol: i for i, symbol in enumerate(symbols)}
    parts = []
    for part in ("train", "test"):
        text = "\n".join(lines_of("bible", part + ".txt"))[:400_000]
        numbers = np.array([code[s] for s in text if s in code])
        windows = numbers[np.arange(0, len(numbers) - 65, step)[:, None] + np.arange(65)]
        parts.append({"tokens": windows[:, :64].copy(), "label": windows[:, 1:].copy()})
    return parts


@system("gpt", ["shakespeare", "bible"])
def gpt(course, short):
    """nanoGPT's recipe for a CPU, then its tuning to another text by thin matrices alone."""
    report = Report()
    train, test = data_of("shakespeare")
    symbols = symbols_of("shakespeare")
    steps = 400 if short else 2000
    rng = np.random.default_rng(1)
    rows = rng.permutation(len(train["label"]))[:12 * steps]
    trained = course.fit("gpt.dlm", "LearnGPT", {k: v[rows] for k, v in train.items()}, batch=12, epochs=1,
                         vocabulary=len(symbols), steps=steps, **({"layers": 2, "width": 64} if short else {}))
    loss = float(trained.evaluate(first(test, 1200), batch=120)["loss"])
    report.took(trained)
    report.tell(f"{steps} steps: validation loss {loss:.3f}", loss < (2.6 if short else 1.9))
    values = {"vocabulary": len(symbols), "rank": 8, **({"layers": 2, "width": 64} if short else {})}
    other, asked = windows_of_bible(symbols, 32)
    start = course.merged("gpt.dlm", "GPT", trained.weights(), 1, **values)
    some = 200 if short else 500
    rows = rng.permutation(len(other["label"]))[:12 * some]
    tuned = course.fit("gpt.dlm", "TuneGPT", {k: v[rows] for k, v in other.items()}, batch=12, epochs=1, start=start, **values)
    before = float(trained.evaluate(first(asked, 600), batch=120)["loss"])
    after = float(tuned.evaluate(first(asked, 600), batch=120)["loss"])
    report.took(tuned)
    report.tell(f"LoRA of rank 8, {some} steps: loss on the King James Bible {before:.3f} before, {after:.3f} after", after < before - (0.01 if short else 0.05))
    return report


@system("sentiment", ["sentiment"])
def sentiment(course, short):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    report = Report()
    train, test = data_of("sentiment")
    texts = [[" ".join(f"w{word}" for word in row if word) for row in data["words"]] for data in (train, test)]
    counts = CountVectorizer(binary=True)
    judge = LogisticRegression(C=0.3, max_iter=2000).fit(counts.fit_transform(texts[0]), train["label"])
    plain = judge.score(counts.transform(texts[1]), test["label"])
    reached = {}
    for cell in ("lstm",) if short else ("bag", "rnn", "gru", "lstm"):
        trained = course.fit("sentiment.dlm", "LearnSentiment", train, batch=64, epochs=4 if short else 8, cell=cell, name=cell)
        reached[cell] = float(trained.evaluate(test)["accuracy"])
        report.took(trained)
    report.tell(", ".join(f"{cell} {percent(a)}" for cell, a in reached.items()) + f"; scikit-learn's bag of words {percent(plain)}",
                max(reached.values()) > plain - (0.02 if short else 0))
    return report


@system("moving-digits", ["moving-digits"])
def moving_digits(course, short):
    report = Report()
    train, test = data_of("moving-digits")
    reached = {}
    for memory in (False, True):
        trained = course.fit("moving_digits.dlm", "LearnFrames", train, batch=50, epochs=4 if short else 15, memory=memory, name=f"memory-{memory}")
        reached[memory] = float(trained.evaluate(test, batch=100)["accuracy"])
        report.took(trained)
    report.tell(f"frames right: {percent(reached[True])} with memory, {percent(reached[False])} each by itself",
                reached[True] > reached[False] + 0.1)
    return report


@system("translation", ["dates", "verses"])
def translation(course, short):
    report = Report()
    train, test = data_of("dates")
    whole = {}
    for attention in (True, False):
        trained = course.fit("translation.dlm", "LearnTranslation", train, batch=64, epochs=5 if short else 12, attention=attention,
                             name=f"attention-{attention}")
        answer = course.run("translation.dlm", {"source": test["source"][:500]}, weights=trained.weights(), model="Translate", attention=attention)
        whole[attention] = float((answer["words"] == test["label"][:500]).all(1).mean())
        report.took(trained)
        if attention:
            picture(course, "attention", np.concatenate(list(answer["looks"][:4]), 1), 12)  # a row per symbol that is written
    report.tell(f"dates that are right to the last symbol: {percent(whole[True])} with attention, {percent(whole[False])} without",
                # Trained for long, both come to read all of them.
                (whole[True] > whole[False] or not short) and whole[True] > 0.9)
    if short:
        return report
    train, test = data_of("verses")
    values = {"known": len(lines_of("verses", "english.txt")), "written": len(lines_of("verses", "japanese.txt"))}
    loss = {}
    for attention in (True, False):
        trained = course.fit("translation.dlm", "LearnVerses", train, batch=32, epochs=4, attention=attention, name=f"verses-{attention}",
                             steps=4 * (len(train["label"]) // 32), **values)
        loss[attention] = float(trained.evaluate(test, batch=100)["loss"])
        report.took(trained)
    report.tell(f"verses, perplexity of the next Japanese symbol: {np.exp(loss[True]):.1f} with attention, {np.exp(loss[False]):.1f} without",
                loss[True] < loss[False])
    return report


@system("transformer", ["dates", "masked-verses"])
def transformer(course, short):
    report = Report()
    train, test = data_of("dates")
    epochs = 4 if short else 12
    trained = course.fit("transformer.dlm", "LearnTransformer", train, batch=64, epochs=epochs, steps=epochs * 125, **({"width": 32} if short else {}))
    answer = trained.evaluate(test, batch=500)
    report.took(trained)
    report.tell(f"dates, given what is right before each symbol: {percent(answer['accuracy'])} of symbols, {percent(answer['whole'])} of dates",
                answer["accuracy"] > (0.8 if short else 0.99))
    if short:
        return report
    train, test = data_of("masked-verses")
    trained = course.fit("transformer.dlm", "LearnMasked", train, batch=32, epochs=12, steps=12 * 625,
                         vocabulary=len(lines_of("masked-verses", "vocabulary.txt")))
    accuracy = float(trained.evaluate(test, batch=200)["accuracy"])
    report.took(trained)
    hidden = test["label"][test["counted"] > 0]
    plain = np.bincount(hidden).max() / len(hidden)
    report.tell(f"hidden words found: {percent(accuracy)}; {percent(plain)} by always saying the commonest", accuracy > 3 * plain)
    return report
