"""Estimators and pipelines of scikit-learn, LightGBM, XGBoost and CatBoost, trained on small data, and their exports.

`MODELS` has `(name, make)`; `make(folder)` gives the path of an ONNX file, the rows to predict and what the library says of
them, `{output: expected}`: labels and scores of classifiers, numbers of regressors, tables of transformers.
"""
import os

import catboost
import lightgbm
import numpy as np
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsFloats
from skl2onnx import to_onnx
from skl2onnx.common._container import ModelComponentContainer
from skl2onnx.common.data_types import StringTensorType
from sklearn import calibration, cluster, compose, datasets, decomposition, discriminant_analysis, ensemble, feature_selection
from sklearn.feature_extraction import text as words
from sklearn import gaussian_process, impute, linear_model, multiclass, naive_bayes, neighbors, neural_network, pipeline
from sklearn import preprocessing, svm, tree

# The converters of HistGradientBoosting hand arrays and NumPy's integers over as attributes, which onnx 1.23 refuses.
_add_node = ModelComponentContainer.add_node


def _plain(value):
    if isinstance(value, (np.ndarray, list)):
        items = value.ravel().tolist() if isinstance(value, np.ndarray) else value
        return [int(item) if isinstance(item, (bool, np.bool_)) else item.item() if isinstance(item, np.generic) else item for item in items]
    return value


def _add_plain(self, *places, **attributes):
    return _add_node(self, *places, **{key: _plain(value) for key, value in attributes.items()})


ModelComponentContainer.add_node = _add_plain

THREE = datasets.make_classification(600, 8, n_informative=5, n_classes=3, random_state=0)
TWO = datasets.make_classification(600, 8, n_informative=5, random_state=1)
NUMBERS = datasets.make_regression(600, 8, noise=3, random_state=2)
SEVERAL = datasets.make_regression(600, 8, n_targets=3, noise=3, random_state=3)


def floats(x):
    return np.asarray(x, np.float32)


def rows(data, share=2):
    """What is trained on and what is predicted."""
    x = floats(data[0])
    cut = len(x) // share
    return x[:cut], data[1][:cut], x[cut:]


def write(model, folder):
    path = os.path.join(folder, "model.onnx")
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    return path


def classifier(estimator, data=THREE, scores="predict_proba", x=None, zipmap=False):
    def make(folder):
        train, y, test = rows(data) if x is None else x
        estimator.fit(train, y)
        options = {} if isinstance(estimator, svm.LinearSVC) else {"zipmap": zipmap}
        model = to_onnx(estimator, train[:1], options=options, target_opset=17)
        names = [output.name for output in model.graph.output]
        expected = {names[0]: estimator.predict(test)}
        if scores:
            expected[names[1]] = getattr(estimator, scores)(test)
        return write(model, folder), test, expected
    return make


def regressor(estimator, data=NUMBERS):
    def make(folder):
        train, y, test = rows(data)
        estimator.fit(train, y)
        model = to_onnx(estimator, train[:1], target_opset=17)
        expected = estimator.predict(test)
        return write(model, folder), test, {model.graph.output[0].name: expected.reshape(len(test), -1)}
    return make


def transformer(estimator, x, y=None):
    def make(folder):
        estimator.fit(x, y)
        model = to_onnx(estimator, x[:1], target_opset=17)
        expected = estimator.transform(x)
        return write(model, folder), x, {model.graph.output[0].name: expected.toarray() if hasattr(expected, "toarray") else expected}
    return make


def clusters(estimator):
    def make(folder):
        train, _, test = rows(THREE)
        estimator.fit(train)
        model = to_onnx(estimator, train[:1], target_opset=17)
        return write(model, folder), test, {model.graph.output[0].name: estimator.predict(test)}
    return make


def outliers(estimator):
    def make(folder):
        train, _, test = rows(THREE)
        estimator.fit(train)
        model = to_onnx(estimator, train[:1], target_opset={"": 17, "ai.onnx.ml": 3})
        names = [output.name for output in model.graph.output]
        return write(model, folder), test, {names[0]: estimator.predict(test).reshape(-1, 1)}
    return make


def boosted(estimator, convert, data, is_classifier=True):
    def make(folder):
        train, y, test = rows(data)
        estimator.fit(train, y)
        model = convert(estimator, initial_types=[("input", ToolsFloats([None, train.shape[1]]))], target_opset=15)
        names = [output.name for output in model.graph.output]
        expected = {names[0]: estimator.predict(test)} if is_classifier else {names[0]: estimator.predict(test).reshape(-1, 1)}
        if is_classifier:
            expected[names[1]] = estimator.predict_proba(test)
        return write(model, folder), test, expected
    return make


def cat(estimator, data, is_classifier=True):
    def make(folder):
        train, y, test = rows(data)
        estimator.fit(train, y)
        path = os.path.join(folder, "model.onnx")
        estimator.save_model(path, format="onnx")
        if is_classifier:
            return path, test, {"label": estimator.predict(test).reshape(-1), "probabilities": estimator.predict_proba(test)}
        return path, test, {"predictions": estimator.predict(test).reshape(-1, 1)}
    return make


def holed(x):
    x = x.copy()
    x[np.random.default_rng(0).random(x.shape) < 0.2] = np.nan
    return x


X3, Y3, T3 = rows(THREE)
HOLES = holed(X3)
POSITIVE = np.abs(X3)
WHOLE = np.random.default_rng(4).integers(0, 5, (300, 3)).astype(np.int64)
hgb = dict(max_iter=20, random_state=0)

def sentences(count, seed):
    """Rows of a text, a town and a colour, and which of two kinds each is."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 2, count)
    own = (["kernel", "graph", "operator", "the fused kernel", "a plan", "memory-bound"], ["cheese", "bread", "a fine wine", "the kitchen", "salt"])
    common = ["the", "of", "and", "is", "was", "Some", "10", "2x", "it", "day", "a", "very", "late!"]
    texts = [" ".join(rng.choice(own[kind] if rng.random() < 0.4 else common) for _ in range(rng.integers(1, 14))) for kind in kinds]
    towns, colors = rng.choice(["Rome", "Oslo", "Lima", "Seoul"], count), rng.choice(["red", "green", "blue"], count)
    return np.array([texts, towns, colors], dtype=object).T, kinds


TEXTS, KINDS = sentences(120, 5)
SOME_TEXTS, _ = sentences(60, 6)
TEXT_OPSETS = {"": 17, "ai.onnx.ml": 3, "com.microsoft": 1}


def of_texts(estimator, columns=1, is_flat=True):
    """A vectorizer of one column of texts, or an encoder of several of words; rows that it was not trained on are among them."""
    def make(folder):
        train, test = (table[:, 1:1 + columns] if not is_flat else table[:, :1] for table in (TEXTS, SOME_TEXTS))
        estimator.fit(train.ravel() if is_flat else train)
        model = to_onnx(estimator, initial_types=[("x", StringTensorType([None, columns]))], target_opset=TEXT_OPSETS)
        expected = estimator.transform(test.ravel() if is_flat else test)
        return write(model, folder), test.astype(str), {model.graph.output[0].name: expected.toarray() if hasattr(expected, "toarray") else expected}
    return make


def classifier_of_texts(estimator, flat=False):
    def make(folder):
        train, test = (TEXTS[:, :1], SOME_TEXTS[:, :1]) if flat else (TEXTS, SOME_TEXTS)
        estimator.fit(train.ravel() if flat else train, KINDS)
        model = to_onnx(
            estimator, initial_types=[("x", StringTensorType([None, train.shape[1]]))], options={"zipmap": False}, target_opset=TEXT_OPSETS)
        names, rows = [output.name for output in model.graph.output], test.ravel() if flat else test
        return write(model, folder), test.astype(str), {names[0]: estimator.predict(rows), names[1]: estimator.predict_proba(rows)}
    return make


MODELS = [
    ("CountVectorizer", of_texts(words.CountVectorizer())),
    # The exporter keeps words of one letter, which the pattern that scikit-learn has by itself drops from pairs.
    ("CountVectorizer of pairs", of_texts(words.CountVectorizer(ngram_range=(1, 2), binary=True, token_pattern="[a-zA-Z0-9_]+"))),
    ("CountVectorizer without stop words", of_texts(words.CountVectorizer(stop_words=["the", "of", "was"]))),
    ("CountVectorizer of characters", of_texts(words.CountVectorizer(analyzer="char"))),
    ("TfidfVectorizer", of_texts(words.TfidfVectorizer())),
    # The exporter writes log(1 + n) for the 1 + log n of `sublinear_tf`, which differs where a word stands twice.
    ("TfidfVectorizer of pairs", of_texts(words.TfidfVectorizer(ngram_range=(1, 2), norm="l1", token_pattern="[a-zA-Z0-9_]+"))),
    ("TfidfVectorizer of cases", of_texts(words.TfidfVectorizer(lowercase=False, token_pattern="[a-zA-Z]+"))),
    ("OneHotEncoder of words", of_texts(preprocessing.OneHotEncoder(handle_unknown="ignore"), 2, is_flat=False)),
    ("OrdinalEncoder of words", of_texts(preprocessing.OrdinalEncoder(), 2, is_flat=False)),
    ("a pipeline of texts", classifier_of_texts(pipeline.make_pipeline(words.TfidfVectorizer(), linear_model.LogisticRegression()), flat=True)),
    ("a pipeline of columns of texts", classifier_of_texts(pipeline.make_pipeline(
        compose.ColumnTransformer([("text", words.TfidfVectorizer(), 0), ("words", preprocessing.OneHotEncoder(handle_unknown="ignore"), [1, 2])]),
        linear_model.LogisticRegression()))),
    ("LogisticRegression", classifier(linear_model.LogisticRegression())),
    ("LogisticRegression of two", classifier(linear_model.LogisticRegression(), TWO)),
    ("LogisticRegression as maps", classifier(linear_model.LogisticRegression(), zipmap=True)),
    ("SGDClassifier", classifier(linear_model.SGDClassifier(random_state=0), scores="decision_function")),
    ("Perceptron", classifier(linear_model.Perceptron(), scores="decision_function")),
    ("RidgeClassifier", classifier(linear_model.RidgeClassifier(), scores="decision_function")),
    ("LinearSVC", classifier(svm.LinearSVC(), scores="decision_function")),
    ("SVC of radial kernels", classifier(svm.SVC(), scores=None)),
    ("SVC of two", classifier(svm.SVC(kernel="poly", degree=3), TWO, scores=None)),
    ("NuSVC of sigmoids", classifier(svm.NuSVC(kernel="sigmoid", nu=0.3), scores=None)),
    ("CalibratedClassifierCV", classifier(calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=3), TWO)),
    ("DecisionTreeClassifier", classifier(tree.DecisionTreeClassifier(random_state=0))),
    ("ExtraTreeClassifier", classifier(tree.ExtraTreeClassifier(random_state=0), TWO)),
    ("RandomForestClassifier", classifier(ensemble.RandomForestClassifier(50, random_state=0))),
    ("RandomForestClassifier of two", classifier(ensemble.RandomForestClassifier(50, random_state=0), TWO)),
    ("ExtraTreesClassifier", classifier(ensemble.ExtraTreesClassifier(50, random_state=0))),
    ("GradientBoostingClassifier", classifier(ensemble.GradientBoostingClassifier(n_estimators=30, random_state=0))),
    ("GradientBoostingClassifier of two", classifier(ensemble.GradientBoostingClassifier(n_estimators=30, random_state=0), TWO)),
    ("HistGradientBoostingClassifier", classifier(ensemble.HistGradientBoostingClassifier(**hgb))),
    ("HistGradientBoostingClassifier with holes", classifier(ensemble.HistGradientBoostingClassifier(**hgb), x=(HOLES, Y3, holed(T3)))),
    ("AdaBoostClassifier", classifier(ensemble.AdaBoostClassifier(n_estimators=20, random_state=0))),
    ("BaggingClassifier", classifier(ensemble.BaggingClassifier(n_estimators=8, random_state=0))),
    ("VotingClassifier", classifier(ensemble.VotingClassifier(
        [("a", linear_model.LogisticRegression()), ("b", tree.DecisionTreeClassifier(max_depth=4, random_state=0))], voting="soft", flatten_transform=False))),
    ("StackingClassifier", classifier(ensemble.StackingClassifier(
        [("a", linear_model.LogisticRegression()), ("b", tree.DecisionTreeClassifier(max_depth=4, random_state=0))]), TWO)),
    ("OneVsRestClassifier", classifier(multiclass.OneVsRestClassifier(linear_model.LogisticRegression()))),
    ("GaussianNB", classifier(naive_bayes.GaussianNB())),
    ("MultinomialNB", classifier(naive_bayes.MultinomialNB(), x=(POSITIVE, Y3, np.abs(T3)))),
    ("BernoulliNB", classifier(naive_bayes.BernoulliNB())),
    ("KNeighborsClassifier", classifier(neighbors.KNeighborsClassifier())),
    ("MLPClassifier", classifier(neural_network.MLPClassifier((16, 8), max_iter=60, random_state=0))),
    ("LinearDiscriminantAnalysis", classifier(discriminant_analysis.LinearDiscriminantAnalysis())),
    ("QuadraticDiscriminantAnalysis", classifier(discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.1))),
    ("LinearRegression", regressor(linear_model.LinearRegression())),
    ("LinearRegression of several", regressor(linear_model.LinearRegression(), SEVERAL)),
    ("Lasso", regressor(linear_model.Lasso())),
    ("BayesianRidge", regressor(linear_model.BayesianRidge())),
    ("SVR", regressor(svm.SVR(C=50))),
    ("NuSVR of polynomials", regressor(svm.NuSVR(kernel="poly", degree=2))),
    ("DecisionTreeRegressor of several", regressor(tree.DecisionTreeRegressor(random_state=0), SEVERAL)),
    ("RandomForestRegressor", regressor(ensemble.RandomForestRegressor(50, random_state=0))),
    ("GradientBoostingRegressor", regressor(ensemble.GradientBoostingRegressor(n_estimators=50, random_state=0))),
    ("HistGradientBoostingRegressor", regressor(ensemble.HistGradientBoostingRegressor(**hgb))),
    ("HistGradientBoostingRegressor with holes", regressor(ensemble.HistGradientBoostingRegressor(**hgb), (holed(floats(NUMBERS[0])), NUMBERS[1]))),
    ("KNeighborsRegressor", regressor(neighbors.KNeighborsRegressor())),
    ("MLPRegressor", regressor(neural_network.MLPRegressor(hidden_layer_sizes=(16,), max_iter=60, random_state=0))),
    ("GaussianProcessRegressor", regressor(gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF(), alpha=1.0))),
    ("StandardScaler", transformer(preprocessing.StandardScaler(), X3)),
    ("MinMaxScaler", transformer(preprocessing.MinMaxScaler(), X3)),
    ("RobustScaler", transformer(preprocessing.RobustScaler(), X3)),
    ("Normalizer", transformer(preprocessing.Normalizer("l1"), X3)),
    ("Binarizer", transformer(preprocessing.Binarizer(threshold=0.3), X3)),
    ("SimpleImputer", transformer(impute.SimpleImputer(), HOLES)),
    ("PolynomialFeatures", transformer(preprocessing.PolynomialFeatures(2), X3)),
    ("OneHotEncoder", transformer(preprocessing.OneHotEncoder(), WHOLE)),
    ("OrdinalEncoder", transformer(preprocessing.OrdinalEncoder(), WHOLE)),
    ("PCA", transformer(decomposition.PCA(3), X3)),
    ("TruncatedSVD", transformer(decomposition.TruncatedSVD(3, random_state=0), X3)),
    ("SelectKBest", transformer(feature_selection.SelectKBest(k=4), X3, Y3)),
    ("KMeans", clusters(cluster.KMeans(4, n_init=2, random_state=0))),
    ("IsolationForest", outliers(ensemble.IsolationForest(n_estimators=20, random_state=0))),
    ("a pipeline of scaler, components and SVC", classifier(
        pipeline.make_pipeline(preprocessing.StandardScaler(), decomposition.PCA(5), svm.SVC()), scores=None)),
    ("a pipeline of imputer, scaler and regression", classifier(
        pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler(), linear_model.LogisticRegression()),
        x=(HOLES, Y3, holed(T3)))),
    ("a pipeline of columns", classifier(pipeline.make_pipeline(
        compose.ColumnTransformer([("a", preprocessing.StandardScaler(), [0, 1, 2]), ("b", preprocessing.MinMaxScaler(), [3, 5])]),
        linear_model.LogisticRegression()))),
    ("LGBMClassifier", boosted(lightgbm.LGBMClassifier(n_estimators=30, verbose=-1), convert_lightgbm, THREE)),
    ("LGBMClassifier of two", boosted(lightgbm.LGBMClassifier(n_estimators=30, verbose=-1), convert_lightgbm, TWO)),
    ("LGBMRegressor", boosted(lightgbm.LGBMRegressor(n_estimators=30, verbose=-1), convert_lightgbm, NUMBERS, False)),
    ("XGBClassifier", boosted(xgboost.XGBClassifier(n_estimators=30), convert_xgboost, THREE)),
    ("XGBClassifier of two", boosted(xgboost.XGBClassifier(n_estimators=30), convert_xgboost, TWO)),
    ("XGBRegressor", boosted(xgboost.XGBRegressor(n_estimators=30), convert_xgboost, NUMBERS, False)),
    ("CatBoostClassifier", cat(catboost.CatBoostClassifier(iterations=30, verbose=0, allow_writing_files=False), THREE)),
    ("CatBoostClassifier of two", cat(catboost.CatBoostClassifier(iterations=30, verbose=0, allow_writing_files=False), TWO)),
    ("CatBoostRegressor", cat(catboost.CatBoostRegressor(iterations=30, verbose=0, allow_writing_files=False), NUMBERS, False)),
]

# What the Swift tests are held to: a few kilobytes each.
TINY = [
    ("boosted-holes", regressor(
        ensemble.HistGradientBoostingRegressor(max_iter=3, max_leaf_nodes=4, random_state=0), (holed(floats(NUMBERS[0])), NUMBERS[1]))),
    ("forest", classifier(ensemble.RandomForestClassifier(3, max_depth=3, random_state=0))),
    ("forest-of-two", classifier(ensemble.GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0), TWO)),
    ("logistic-maps", classifier(linear_model.LogisticRegression(), zipmap=True)),
    ("neighbours", regressor(neighbors.KNeighborsRegressor(3), (NUMBERS[0][:40], NUMBERS[1][:40]))),
    ("pipeline", classifier(pipeline.make_pipeline(
        impute.SimpleImputer(), preprocessing.RobustScaler(), preprocessing.Normalizer(), svm.SVC()), scores=None,
        x=(HOLES[:60], Y3[:60], holed(T3)))),
    ("xgboost", boosted(xgboost.XGBClassifier(n_estimators=2, max_depth=2), convert_xgboost, THREE)),
    ("xgboost-of-two", boosted(xgboost.XGBClassifier(n_estimators=3, max_depth=2), convert_xgboost, TWO)),
    ("lightgbm", boosted(lightgbm.LGBMRegressor(n_estimators=3, num_leaves=5, verbose=-1), convert_lightgbm, NUMBERS, False)),
]
