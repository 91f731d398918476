"""ONNX files, run by onnxruntime; neither pandas nor scikit-learn is needed."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from protocol import ProblemError

from formats import onnx_inputs

REAL = ("tensor(float)", "tensor(double)", "tensor(float16)")
_TOO_NEW = (
    r"Unsupported model IR version: \d+, max supported IR version: \d+",
    r"opset \d+ is under development and support for this is limited",
)


def load(request: dict[str, Any]) -> OnnxModel:
    """The model in the file. Raises ProblemError when onnxruntime is too old to read it."""
    import onnxruntime

    # Its warnings are about the machine; what matters is raised.
    onnxruntime.set_default_logger_severity(3)
    try:
        session = onnxruntime.InferenceSession(request["model"], providers=["CPUExecutionProvider"])
    except Exception as error:
        for pattern in _TOO_NEW:
            if found := re.search(pattern, str(error)):
                raise ProblemError("runtime-old", found[0], found=onnxruntime.__version__) from error
        raise
    return OnnxModel(session, request["model"], {column["name"] for column in request["columns"]})


class OnnxModel:
    """A session with the interface of scikit-learn: one input per column by name, or one matrix of all columns."""

    def __init__(self, session: Any, path: str, columns: set[str]) -> None:
        self.session = session
        self.path = path
        self.inputs = session.get_inputs()
        outputs = session.get_outputs()
        self.first = outputs[0]
        maps = [one for one in outputs if one.type.startswith("seq(map(")]
        self.scores = next(iter(maps + [one for one in outputs if one.type in REAL]), None)
        self.labels = next((one for one in outputs if one.type.startswith("tensor(") and one.type not in REAL), None)
        self.seen: Counter[tuple[int, Any]] = Counter()
        self.mapped: list[Any] = []
        self.width = 0
        widths = {one.name: onnx_inputs.width_of(one) for one in self.inputs}
        # A lone input of another name than any column takes them all, such as `X`, also where they are one.
        alone = len(widths) == 1 and not columns & set(widths)
        self.takes_columns = not alone and all(width == 1 for width in widths.values())
        if self.takes_columns:
            self.feature_names_in_ = list(widths)
        elif len(widths) > 1:
            wide = ", ".join(name for name, width in widths.items() if width != 1)
            raise ProblemError("inputs-unusable", f"besides others the input {wide}, which takes several columns")
        elif (width := next(iter(widths.values()))) is not None:
            self.n_features_in_ = width

    def predict(self, batch: Any) -> Any:
        """The first output: labels or numbers, one a row."""
        import numpy

        (found,) = self.run(batch, [self.first.name])
        table = numpy.asarray(found).reshape(rows_of(batch), -1)
        return table[:, 0] if table.shape[1] == 1 else table

    @property
    def predict_proba(self) -> Any:
        """A method that gives (rows, classes); AttributeError where the file gives labels only."""
        if self.scores is None:
            raise AttributeError("predict_proba")
        # The bound method has the name that the answer tells.
        return predict_proba.__get__(self)

    @property
    def classes_(self) -> list[Any]:
        """What the columns of `predict_proba` stand for, after it was called."""
        if not self.width:
            raise AttributeError("classes_")
        return self.mapped or classes_of(self.path, self.width, self.seen)

    def run(self, batch: Any, outputs: list[str]) -> list[Any]:
        """Outputs for a batch: {name: array} where columns are taken, else a matrix."""
        feed = {one.name: onnx_inputs.fed(one, batch[one.name] if self.takes_columns else batch) for one in self.inputs}
        found: list[Any] = self.session.run(outputs, feed)
        return found


def predict_proba(model: OnnxModel, batch: Any) -> Any:
    """Probabilities (rows, classes), from a tensor or from one map a row (ZipMap)."""
    import numpy

    asked = [one.name for one in (model.scores, model.labels) if one is not None]
    found, *labels = model.run(batch, asked)
    if isinstance(found, list):
        model.mapped = model.mapped or list(found[0])
        model.width = len(model.mapped)
        return numpy.array([[row[label] for label in model.mapped] for row in found], dtype="float64")
    table = numpy.asarray(found, dtype="float64").reshape(rows_of(batch), -1)
    if table.shape[1] == 1:
        table = numpy.column_stack([1 - table, table])
    model.width = table.shape[1]
    if labels:
        winners = table.argmax(axis=1).tolist()
        model.seen.update(zip(winners, numpy.asarray(labels[0]).ravel().tolist()))  # noqa: B905  not in Python 3.9
    return table


def classes_of(path: str, count: int, seen: Counter[tuple[int, Any]]) -> list[Any]:
    """What the columns of a tensor stand for, which the tensor does not say.

    `seen` counts (column of the highest probability, label beside it): where every column won somewhere, that is the
    answer. Otherwise what nodes of the graph say, or 0, 1, …, as is the custom; neither may contradict `seen`.
    Raises ProblemError where nothing is known.
    """
    # Labels may differ from the highest probability in a few rows: calibrated ones of a support vector machine do.
    won = {column: label for (column, label), _ in reversed(seen.most_common())}
    if len(won) == count == len(set(won.values())):
        return [won[column] for column in range(count)]
    for labels in [*labels_in(path), list(range(count))]:
        if len(labels) == count and all(labels[column] == label for column, label in won.items()):
            return labels
    raise ProblemError("classes-unknown", f"{count} columns")


def labels_in(path: str) -> list[list[Any]]:
    """The lists of class labels in the graph's nodes; none where the package onnx is not there to read them."""
    try:
        import onnx
    except ModuleNotFoundError:
        return []
    nodes = onnx.load(path, load_external_data=False).graph.node
    found = [one for node in nodes for one in node.attribute if re.match("class_?labels_", one.name)]
    return [[*one.ints, *(word.decode() for word in one.strings)] for one in found]


def rows_of(batch: Any) -> int:
    """The number of rows of a batch."""
    return len(next(iter(batch.values())) if isinstance(batch, dict) else batch)
