"""Segmentation, localisation, detection and captions."""
import os

import numpy as np

from basics import percent
from dlc import data_of
from registry import Report, system
from sequences import first, lines_of


def mean_iou(found, truth, classes):
    return np.mean([((found == k) & (truth == k)).sum() / ((found == k) | (truth == k)).sum() for k in range(classes)])


@system("segmentation", ["scenes"])
def segmentation(course, short):
    report = Report()
    train, test = data_of("scenes")
    train = first(train, 800 if short else 2000)
    for network, least in (("unet", 0.85), ("fcn", 0.75), ("segnet", 0.8)):
        if short and network != "unet":
            continue
        epochs = 8
        trained = course.fit("segmentation.dlm", "LearnSegment", train, batch=20, epochs=epochs, network=network, name=network,
                             steps=epochs * len(train["mask"]) // 20, **({"width": 8} if short else {}))
        answer = trained.evaluate(test, batch=100)
        iou = mean_iou(answer["found"], test["mask"], 4)
        report.took(trained)
        report.tell(f"{network}: mean IoU {iou:.3f}, pixels right {percent(answer['accuracy'])}", iou > (0.7 if short else least))
    return report


@system("localisation", ["one-shape"])
def localisation(course, short):
    report = Report()
    train, test = data_of("one-shape")
    train = first(train, 600 if short else 2000)
    epochs = 12 if short else 30
    trained = course.fit("localisation.dlm", "LearnLocate", train, batch=50, epochs=epochs, steps=epochs * len(train["label"]) // 50,
                         **({"width": 8} if short else {}))
    answer = trained.evaluate(test)
    report.took(trained)
    report.tell(f"mean IoU of the box {answer['overlap']:.3f}, classes right {percent(answer['accuracy'])}",
                answer["overlap"] > (0.4 if short else 0.8) and answer["accuracy"] > (0.7 if short else 0.95))
    return report


def overlap(a, b):
    """IoU of two boxes (left, top, right, bottom)."""
    shared = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0))
    return shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared + 1e-9)


def pasted(mask, box, size=64):
    """The pixels of a box's mask."""
    result = np.zeros((size, size), bool)
    left, top, right, bottom = np.clip(np.round(box * size).astype(int), 0, size)
    if right > left and bottom > top:
        rows = (np.arange(bottom - top) + 0.5) * len(mask) / (bottom - top)
        columns = (np.arange(right - left) + 0.5) * len(mask) / (right - left)
        result[top:bottom, left:right] = mask[rows.astype(int)[:, None], columns.astype(int)] > 0.5
    return result


def average_precision(answer, truth, threshold, masks=False):
    """The mean over the kinds of the area under precision over recall (Everingham et al., 2010, every point)."""
    areas = []
    for kind in range(3):
        wanted = {i: [k for k in range(3) if truth["kind"][i, k] == kind] for i in range(len(truth["kind"]))}
        found = [(answer["scores"][i, j], i, j) for i in range(len(answer["scores"])) for j in range(answer["scores"].shape[1])
                 if answer["scores"][i, j] > 0 and answer["kinds"][i, j] == kind]
        used, hits = set(), []
        for _, i, j in sorted(found, reverse=True):
            if masks:
                mine = pasted(answer["masks"][i, j], answer["boxes"][i, j])
                fits = [((mine & (truth["masks"][i, k] > 0)).sum() / (mine | (truth["masks"][i, k] > 0)).sum(), k) for k in wanted[i]]
            else:
                fits = [(overlap(answer["boxes"][i, j], truth["box"][i, k]), k) for k in wanted[i]]
            fit, k = max(fits, default=(0, -1))
            hit = fit >= threshold and (i, k) not in used
            hits.append(hit)
            if hit:
                used.add((i, k))
        count = sum(map(len, wanted.values()))
        hits = np.array(hits, float)
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        areas.append((precision * hits).sum() / count)
    return float(np.mean(areas))


@system("detection", ["boxes"])
def detection(course, short):
    report = Report()
    train, test = data_of("boxes")
    train = first(train, 600 if short else 2400)
    epochs = 8 if short else 15
    for name, keys, least in (("YOLO", ("image", "kind", "box"), 0.8), ("TwoStages", ("image", "kind", "box", "masks"), 0.8)):
        if short and name == "TwoStages":
            continue
        trained = course.fit("detection.dlm", f"Learn{name}", {key: train[key] for key in keys}, batch=40, epochs=epochs,
                             steps=epochs * len(train["kind"]) // 40)
        answer = course.run("detection.dlm", {"image": test["image"]}, weights=trained.weights(), model=name)
        report.took(trained)
        half, strict = (average_precision(answer, test, threshold) for threshold in (0.5, 0.75))
        report.tell(f"{name}: mAP {half:.3f} at IoU 0.5, {strict:.3f} at 0.75", half > (0.4 if short else least))
        if name == "TwoStages":
            drawn = average_precision(answer, test, 0.5, masks=True)
            report.tell(f"masks: mAP {drawn:.3f} at IoU 0.5", drawn > 0.7)
    return report


@system("captions", ["captions"])
def captions(course, short):
    report = Report()
    train, test = data_of("captions")
    vocabulary = lines_of("captions", "vocabulary.txt")
    epochs = 6 if short else 60
    batch = 43 if short else 32
    values = {"vocabulary": len(vocabulary), "steps": epochs * (len(train["label"]) // batch)}
    losses = {}
    for blind in (False,) if short else (True, False):
        trained = course.fit("captions.dlm", "LearnCaptions", train, batch=batch, epochs=epochs, blind=blind, **values)
        losses[blind] = float(trained.evaluate(test)["loss"])
        report.took(trained)
    answer = course.run("captions.dlm", {"image": test["image"]}, weights=trained.weights(), model="Caption", vocabulary=len(vocabulary))
    texts = []
    for row in answer["words"]:
        words = [vocabulary[word] for word in row]
        texts.append(" ".join(words[:words.index("<end>")] if "<end>" in words else words))
    counts = np.bincount(train["label"][train["counted"] > 0], minlength=len(vocabulary)) + 1.0
    plain = -(np.log(counts / counts.sum())[test["label"]] * test["counted"]).sum() / test["counted"].sum()
    report.tell(f"loss per word of unseen pictures {losses[False]:.2f}; " + (f"{losses[True]:.2f} without the picture; " if not short else "")
                + f"{plain:.2f} by words' frequencies", losses[False] < plain and (short or losses[False] < losses[True]))
    report.tell("unseen pictures: " + ", ".join(f"“{text}”" for text in texts[:12]), short or len(set(texts)) > 8)
    return report
