"""Writing a statement to a tracker, which may fail."""

from __future__ import annotations

import logging
from pathlib import Path

from mlops_actions.errors import CancelledError, MlopsError
from mlops_actions.evidence import Predicate, Statement
from mlops_actions.reports import to_html
from mlops_actions.tracking.interface import Tracker
from mlops_actions.tracking.record import record_of

logger = logging.getLogger(__name__)

_NO_MODEL = "mlops-actions"
"""The experiment of what belongs to no named model."""


def track(
    tracker: Tracker, statement: Statement[Predicate], path: Path, action: str, model: str | None, pipeline: str | None
) -> None:
    """Write the statement, its numbers and its report. Whatever goes wrong is a warning: the result stands.

    `path` is the statement's file; `model` the model's name; `pipeline` the URL that the actions of one run share.
    """
    try:
        files = {path.name: statement.to_json(), f"{path.stem}.html": to_html([statement]).encode()}
        where = tracker.write(record_of(statement, action, model or _NO_MODEL, pipeline, files))
    except CancelledError:
        raise
    except MlopsError as error:
        logger.warning("Not tracked: %s", error)
    except Exception as error:  # noqa: BLE001  a tracker must not cost a verdict, not even by a bug of ours
        logger.warning("Not tracked, by a bug in mlops-actions (%s: %s).", type(error).__name__, error)
    else:
        logger.info("tracked at %s", where)
