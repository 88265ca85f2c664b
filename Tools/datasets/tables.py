"""Tables and series from scikit-learn, imbalanced-learn's rule and statsmodels."""
import numpy as np

from registry import dataset, save, save_split

SKLEARN = "scikit-learn (PyPI)"


@dataset("digits", SKLEARN, "BSD-3-Clause; UCI, Alpaydin and Kaynak 1998, CC BY 4.0",
         "1,797 handwritten digits of 8 × 8 pixels from 0 to 1; 450 held out evenly over the classes")
def digits(folder):
    from sklearn.datasets import load_digits
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    save_split(folder, 1, test=450, stratify=labels, image=images, label=labels)


def standardised_table(folder, load, seed):
    """Columns with mean 0 and deviation 1 over all rows, since tables this small have no others."""
    from sklearn.preprocessing import StandardScaler
    x, label = load(return_X_y=True)
    save_split(folder, seed, stratify=label, x=StandardScaler().fit_transform(x), label=label)


@dataset("iris", SKLEARN, "BSD-3-Clause; UCI, Fisher 1936, CC BY 4.0", "150 flowers of three kinds, four measures each")
def iris(folder):
    from sklearn.datasets import load_iris
    standardised_table(folder, load_iris, 1)


@dataset("wine", SKLEARN, "BSD-3-Clause; UCI, Aeberhard and Forina 1991, CC BY 4.0", "178 wines of three growers, 13 measures each")
def wine(folder):
    from sklearn.datasets import load_wine
    standardised_table(folder, load_wine, 1)


@dataset("breast-cancer", SKLEARN, "BSD-3-Clause; UCI, Wolberg et al. 1995, CC BY 4.0", "569 tumours, 30 measures each, malignant or benign")
def breast_cancer(folder):
    from sklearn.datasets import load_breast_cancer
    standardised_table(folder, load_breast_cancer, 1)


@dataset("diabetes", SKLEARN, "BSD-3-Clause; Efron et al. 2004", "442 patients, ten measures each, and the disease a year later")
def diabetes(folder):
    from sklearn.datasets import load_diabetes
    x, y = load_diabetes(return_X_y=True)
    save_split(folder, 1, x=x / x.std(0), target=((y - y.mean()) / y.std())[:, None])


@dataset("imbalanced", SKLEARN, "BSD-3-Clause; made by its make_classification", "10,000 rows of 20 columns, 2 in 100 of the rare class")
def imbalanced(folder):
    from sklearn.datasets import make_classification
    x, label = make_classification(10_000, 20, n_informative=6, n_redundant=4, weights=[0.98], class_sep=0.9, flip_y=0.005, random_state=7)
    save_split(folder, 1, stratify=label, x=x, label=label)


@dataset("sunspots", "statsmodels (PyPI)", "BSD-3-Clause; the numbers are public domain", "yearly sunspots 1700 to 2008; 24 years and the next")
def sunspots(folder):
    from statsmodels.datasets import sunspots as data
    series = np.asarray(data.load_pandas().data["SUNACTIVITY"], dtype=np.float64) / 100
    windows = np.lib.stride_tricks.sliding_window_view(series, 25)
    cut = len(windows) - 60  # what comes later is what is held out
    for name, rows in (("train", windows[:cut]), ("test", windows[cut:])):
        save(folder, name, series=rows[:, :24, None], next=rows[:, 24:])
