"""A server that predicts: it is given rows as JSON, and its answers are believed no more than a model's."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from mlops_actions.ci.credentials import secret
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evaluate_model.external.http_client import Client, Response
from mlops_actions.evaluate_model.external.json_rows import batch_of, columns_of, predictions_in
from mlops_actions.evaluate_model.external.predictions_file import answer_of
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.scoring.answer import Answer, MisbehaviourError
from mlops_actions.evaluate_model.scoring.problems import plain

log = logging.getLogger(__name__)

HEADER = "X-Model-SHA256"
"""The response header in which a server says which bytes it serves."""
BATCH_ROWS = 500
SINGLE_ROWS, FEWEST_SINGLE_ROWS, SINGLE_ROWS_SECONDS = 30, 10, 2.0


@dataclass(frozen=True)
class Endpoint:
    """One server and how it is asked."""

    client: Client
    seconds: float
    """How long all rows may take together."""

    @classmethod
    def of(cls, url: str, token_variable: str | None, seconds: float) -> Endpoint:
        """An endpoint; raises InputError for a URL or a token that must not be used."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(f"{url!r} is no URL of HTTP.", where="endpoint", hint="Write https://host/path.")
        if parts.username or parts.password:
            raise InputError(
                "the URL holds a user or a password.",
                where="endpoint",
                hint="Put the token into an environment variable and name that in `endpoint-token`.",
            )
        if token_variable is None:
            return cls(Client(url, None), seconds)
        token = secret(token_variable)
        if token is None:
            raise InputError(f"the environment variable {token_variable!r} is not set.", where="endpoint-token")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise InputError("a token would be sent without encryption.", where="endpoint", hint="Use https://.")
        return cls(Client(url, token), seconds)

    def served(self, test_set: TestSet, expected: str | None) -> str:
        """The digest of the model behind the endpoint: as it reports, else as `expected`, the digest of `model`.

        Raises InputError where neither is there, or where they differ.
        """
        try:
            response = self.client.post(batch_of(self.client.url, test_set.features, 0, 1), self._deadline())
        except MisbehaviourError as error:
            if expected is None:
                raise OutsideError(f"the endpoint {error.message}", where="endpoint") from None
            return expected
        reported = _reported(response)
        if reported is None and expected is None:
            told = "" if response.status == 200 else f" (and answered with status {response.status})"
            raise InputError(
                f"the endpoint does not say which model it serves{told}.",
                where="endpoint",
                hint=f"Let it answer with the header {HEADER}, or name the model in `model`.",
            )
        if reported and expected and reported != expected:
            raise InputError(
                f"the endpoint serves the model {reported[:12]}, and `model` is {expected[:12]}.",
                where="endpoint",
                hint="Deploy the model that is to be evaluated, or leave `model` out.",
            )
        return reported or str(expected)

    def predict(self, test_set: TestSet, sha256: str) -> Answer:
        """Predictions for each row, in batches.

        Raises MisbehaviourError for answers that are no predictions and where the time is over, OutsideError where the
        server fails for good or changes its model meanwhile.
        """
        began, deadline = time.monotonic(), self._deadline()
        log.info("Sending %s rows to %s.", f"{test_set.rows:,}", self.client.url)
        values: list[Any] = []
        classes: list[Any] | None = None
        for start in range(0, test_set.rows, BATCH_ROWS):
            stop = min(start + BATCH_ROWS, test_set.rows)
            response = self.client.post(batch_of(self.client.url, test_set.features, start, stop), deadline)
            _refuse_another(response, sha256)
            batch, classes = predictions_in(_accepted(response), stop - start)
            values += batch
        scored = time.monotonic() - began
        answer = answer_of(columns_of(values, classes, test_set.target), test_set.target)
        return replace(answer, score_seconds=scored, latency_ms=self._single_rows(test_set))

    def _single_rows(self, test_set: TestSet) -> tuple[float, ...]:
        """Milliseconds of requests with one row each; none where the server is too slow to repeat them."""
        taken: list[float] = []
        until = time.monotonic() + SINGLE_ROWS_SECONDS
        while len(taken) < SINGLE_ROWS and time.monotonic() < until:
            row = len(taken) % test_set.rows
            content = batch_of(self.client.url, test_set.features, row, row + 1)
            began = time.monotonic()
            _accepted(self.client.post(content, self._deadline()))
            taken.append(1000 * (time.monotonic() - began))
        return tuple(taken) if len(taken) >= FEWEST_SINGLE_ROWS else ()

    def _deadline(self) -> float:
        return time.monotonic() + self.seconds


def _accepted(response: Response) -> bytes:
    """The body of an answer to what was asked; other statuses speak against the model."""
    if response.status == 200:
        return response.body
    text = plain(response.body.decode("utf-8", "replace")).strip()
    raise MisbehaviourError("endpoint-refused", f"answered with status {response.status}{f': {text}' if text else ''}.")


def _reported(response: Response) -> str | None:
    reported = (response.sha256 or "").strip().lower().removeprefix("sha256:")
    if reported and not re.fullmatch(r"[0-9a-f]{64}", reported):
        raise InputError(f"the endpoint's header {HEADER} is no SHA-256.", where="endpoint")
    return reported or None


def _refuse_another(response: Response, sha256: str) -> None:
    if (_reported(response) or sha256) != sha256:
        raise OutsideError("the endpoint changed its model while it was evaluated.", hint="Run again.")
