"""Model folders of MLflow whose flavour only MLflow can load; it must be there."""

from __future__ import annotations

from typing import Any

from protocol import ProblemError


def load(request: dict[str, Any]) -> PyfuncModel:
    """The model in the folder; its code runs. Raises ProblemError for another major version of its package."""
    import mlflow.pyfunc

    for package, trained in request["versions"].items():
        refuse_another(package, trained)
    return PyfuncModel(mlflow.pyfunc.load_model(request["model"]))


def refuse_another(package: str, trained: str) -> None:
    """Raise ProblemError where a package is of another major version than the one that a model was trained with."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version(package)
    except PackageNotFoundError:
        return
    if found.split(".")[0] != trained.split(".")[0]:
        raise ProblemError("version-skew", "", package=package, trained=trained, found=found)


class PyfuncModel:
    """MLflow's model with the interface of scikit-learn; it gives labels or numbers."""

    def __init__(self, model: Any) -> None:
        self.model = model
        schema = model.metadata.get_input_schema()
        if schema is not None and schema.has_input_names():
            self.feature_names_in_ = schema.input_names()

    def predict(self, batch: Any) -> Any:
        """One prediction a row; a table of one column is that column."""
        import numpy

        found = numpy.asarray(self.model.predict(batch))
        return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found
