"""A real server on loopback predicts: its answers are checked as a model's are, its failures are the world's."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, roc_auc_score

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evaluate_model.action import Inputs, run
from mlops_actions.evaluate_model.external import http_client
from mlops_actions.evidence import EvidenceStore, Material, Statement, digest_path
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.evidence.training import Training
from prediction_server import SHA256, Reply, Server

from .conftest import frame, write_table


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that answers the probability of each row of test.parquet, and waits for no retry."""
    monkeypatch.setattr(http_client, "FIRST_PAUSE", 0.01)
    made = Server()
    made.reply = lambda request: Reply({"predictions": [score(row["wind"]) for row in request["instances"]]})
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def score(wind: float) -> float:
    return float(1 / (1 + np.exp(-wind)))


def statement(url: str, **inputs: object) -> Statement[Evaluation]:
    given = {"data": "test.parquet", "target": "late", "python": "no-python-is-needed", "endpoint": url}
    return run(Inputs.model_validate({**given, **inputs}))


def refusal(url: str, kind: type[Exception] = InputError, **inputs: object) -> str:
    with pytest.raises(kind) as caught:
        statement(url, **inputs)
    return str(caught.value)


def reason(url: str, **inputs: object) -> tuple[str, str]:
    found = statement(url, **inputs).predicate
    assert found.result == "fail"
    (only,) = found.reasons
    return only.code, only.message


def test_it_has_the_metrics_of_its_answers(server: Server) -> None:
    told = statement(f"{server.url}/predict")
    found = told.predicate
    expected = roc_auc_score(frame().late, frame().wind)
    assert found.estimates["roc_auc"].value == pytest.approx(expected)
    assert (told.name, told.sha256) == (f"{server.url}/predict", SHA256)
    assert (found.source, found.isolation, found.features) == ("endpoint", None, ["wind", "rain", "day"])
    assert found.timing is not None
    assert found.timing.load_seconds is None
    assert found.timing.latency_p95_ms is not None
    assert set(server.asked[0]["instances"][0]) == {"wind", "rain", "day"}


def test_rows_of_its_training_data_are_found(server: Server) -> None:
    """By the digest that it says it serves."""
    write_table(frame().head(30), "train.parquet")
    data = Material(name="data", uri="train.parquet", digest={"sha256": digest_path("train.parquet")})
    training = Training(result="pass", materials=[data], command=["train"], exit_code=0, seconds=1.0)
    EvidenceStore("mlops-evidence").write(Statement("served", SHA256, training))
    found = statement(server.url).predicate
    assert "rows-of-training-data" in [one.code for one in found.reasons]
    assert found.references["baseline"].name == "majority class of the training data"


def test_rows_go_in_batches(server: Server) -> None:
    write_table(frame(1200), "many.parquet")
    found = statement(server.url, data="many.parquet").predicate
    assert found.n == 1200
    assert [len(one["instances"]) for one in server.asked[:4]] == [1, 500, 500, 200]
    assert found.estimates["roc_auc"].value == pytest.approx(roc_auc_score(frame(1200).late, frame(1200).wind))


def test_a_server_of_mlflow_is_asked_in_its_form(server: Server) -> None:
    def answer(request: dict[str, Any]) -> Reply:
        split = request["dataframe_split"]
        place = split["columns"].index("rain")
        return Reply({"predictions": [2 * row[place] for row in split["data"]]})

    server.reply = answer
    found = statement(f"{server.url}/invocations", target="wind").predicate
    assert found.estimates["mae"].value == pytest.approx(mean_absolute_error(frame().wind, 2 * frame().rain))


@pytest.mark.parametrize("form", ["lists", "named lists", "objects"])
def test_probabilities_of_each_class_are_read(server: Server, form: str) -> None:
    def answer(request: dict[str, Any]) -> Reply:
        rows = [score(row["wind"]) for row in request["instances"]]
        if form == "objects":
            return Reply({"predictions": [{"1": one, "0": 1 - one} for one in rows]})
        if form == "lists":
            return Reply({"predictions": [[1 - one, one] for one in rows]})
        return Reply({"predictions": [[one, 1 - one] for one in rows], "classes": [1, 0]})

    server.reply = answer
    found = statement(server.url).predicate
    assert found.estimates["roc_auc"].value == pytest.approx(roc_auc_score(frame().late, frame().wind))


def test_missing_values_and_times_are_json(server: Server) -> None:
    import pandas as pd

    table = frame()
    table["seen"] = pd.Timestamp("2013-01-01 08:30")
    table["carrier"] = table.day.map(lambda day: "AA" if day % 2 else None)
    table["rain"] = table.rain.where(table.day > 0)
    write_table(table, "gaps.parquet")
    statement(server.url, data="gaps.parquet")
    first, second = server.asked[1]["instances"][:2]
    assert (first["rain"], first["carrier"], second["carrier"]) == (None, None, "AA")
    assert first["seen"] == "2013-01-01T08:30:00.000000"


class TestIdentity:
    def test_a_server_that_does_not_say_what_it_serves_is_refused(self, server: Server) -> None:
        server.reply = lambda request: Reply({"predictions": [0.5]}, headers={})
        assert refusal(server.url) == (
            "endpoint: the endpoint does not say which model it serves. "
            "Let it answer with the header X-Model-SHA256, or name the model in `model`."
        )

    def test_the_model_may_be_named_instead(self, server: Server) -> None:
        plain = server.reply
        server.reply = lambda request: Reply(plain(request).document, headers={})
        Path("model.bin").write_bytes(b"weights")
        told = statement(server.url, model="model.bin")
        assert (told.name, told.sha256, told.predicate.result) == ("model.bin", digest_path("model.bin"), "pass")

    def test_another_model_than_the_named_one_is_refused(self, server: Server) -> None:
        Path("model.bin").write_bytes(b"weights")
        assert refusal(server.url, model="model.bin") == (
            f"endpoint: the endpoint serves the model aaaaaaaaaaaa, and `model` is {digest_path('model.bin')[:12]}. "
            "Deploy the model that is to be evaluated, or leave `model` out."
        )

    def test_a_model_that_changes_meanwhile_stops_the_run(self, server: Server) -> None:
        plain = server.reply
        server.reply = lambda request: Reply(
            plain(request).document, headers={"X-Model-SHA256": SHA256 if len(server.asked) < 2 else "b" * 64}
        )
        assert refusal(server.url, OutsideError) == (
            "the endpoint changed its model while it was evaluated. Run again."
        )


class TestFailures:
    def test_failures_that_pass_are_tried_again(self, server: Server) -> None:
        plain = server.reply
        broken = iter([500, 503, 429])
        server.reply = lambda request: Reply({}, status) if (status := next(broken, None)) else plain(request)
        assert statement(server.url).predicate.result == "pass"

    def test_a_server_that_fails_for_good_is_an_outside_failure(self, server: Server) -> None:
        server.reply = lambda request: Reply({}, 500)
        host = server.url.removeprefix("http://")
        assert refusal(server.url, OutsideError) == (
            f"the endpoint {host!r} failed 5 times in a row: status 500. Run again later."
        )
        assert len(server.asked) == 5

    def test_a_truncated_answer_is_no_answer(self, server: Server) -> None:
        server.reply = lambda request: Reply(body=b'{"predictions": [0.5', promised=1000)
        assert refusal(server.url, OutsideError).endswith(
            "failed 5 times in a row: the answer was cut off. Run again later."
        )

    def test_nobody_there(self, server: Server) -> None:
        assert refusal("http://127.0.0.1:9", OutsideError) == (
            "the endpoint '127.0.0.1:9' failed 5 times in a row: no connection. Run again later."
        )

    @pytest.mark.parametrize("dripping", [False, True])
    def test_a_slow_server_fails_by_the_time_limit(self, server: Server, dripping: bool) -> None:
        plain = server.reply
        server.dripping = dripping

        def slow(request: dict[str, Any]) -> Reply:
            time.sleep(0 if dripping else 0.5)
            return Reply(plain(request).document, headers={})

        server.reply = slow
        Path("model.bin").write_bytes(b"weights")
        began = time.monotonic()
        assert reason(server.url, model="model.bin", time_limit=0.2) == (
            "model-timeout",
            "The model was not done within the time-limit.",
        )
        assert time.monotonic() - began < 2

    def test_a_redirect_is_not_followed(self, server: Server) -> None:
        server.reply = lambda request: Reply({}, 307, {"Location": "http://elsewhere.example/predict"})
        assert refusal(server.url) == (
            "endpoint: the endpoint redirects to 'elsewhere.example', and rows are sent nowhere else. "
            "Give the URL that answers itself."
        )
        assert len(server.asked) == 1

    @pytest.mark.parametrize(
        ("document", "code", "message"),
        [
            ({"predictions": [0.5]}, "predictions-count", "returned 1 predictions for 400 rows."),
            ({"answers": []}, "predictions-unusable", 'answered something other than {"predictions": […]}.'),
            ([], "predictions-unusable", 'answered something other than {"predictions": […]}.'),
            ({"predictions": [2.5] * 400}, "predictions-range", "returned the probability -1.5, outside 0 to 1."),
            (
                {"predictions": [None] * 400},
                "predictions-nan",
                "gives no 'prediction' for 400 of 400 rows, first for row 0.",
            ),
            (
                {"predictions": ["1"] * 400},
                "labels-differ",
                "predicts '1' only, and the data's labels are of another kind; store the target as in training.",
            ),
            (
                {"predictions": [[0.5, 0.4]] * 400},
                "predictions-sum",
                "returned probabilities that do not sum to one in 400 rows: 0.9 in row 0.",
            ),
            (
                {"predictions": [[0.2, 0.3, 0.5]] * 400},
                "labels-differ",
                "tells 3 classes apart ('0', '1', '2'), and 'late' holds two; give `task: multiclass`.",
            ),
            (
                {"predictions": [0.5, "a"] * 200},
                "predictions-unusable",
                "answered predictions of several kinds: number, text.",
            ),
            (
                {"predictions": [{"0": 1}, {"1": 1, "0": 0}] * 200},
                "predictions-unusable",
                "answered objects with other labels in some rows.",
            ),
        ],
    )
    def test_what_is_no_prediction_fails_the_model(
        self, server: Server, document: object, code: str, message: str
    ) -> None:
        server.reply = lambda request: Reply(document)
        assert reason(server.url) == (code, f"The model {message}")

    def test_what_the_server_refuses_fails_the_model(self, server: Server) -> None:
        server.reply = lambda request: Reply({"error": "needs\n'humidity'"}, 422)
        assert reason(server.url) == (
            "endpoint-refused",
            'The model answered with status 422: {"error": "needs\\n\'humidity\'"}.',
        )


class TestToken:
    def test_it_comes_from_the_environment_and_stays_out_of_the_statement(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ENDPOINT_TOKEN", "s3cret")
        told = statement(server.url, endpoint_token="ENDPOINT_TOKEN")
        assert server.tokens == {"Bearer s3cret"}
        assert "s3cret" not in told.predicate.model_dump_json()

    def test_without_one_none_is_sent(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        Path(".netrc").write_text("machine 127.0.0.1 login me password s3cret")
        monkeypatch.setenv("NETRC", ".netrc")
        statement(server.url)
        assert server.tokens == {None}

    @pytest.mark.parametrize(
        ("url", "inputs", "message"),
        [
            ("ftp://a.example", {}, "endpoint: 'ftp://a.example' is no URL of HTTP. Write https://host/path."),
            (
                "http://me:s3cret@a.example",
                {},
                "endpoint: the URL holds a user or a password. Put the token into "
                "an environment variable and name that in `endpoint-token`.",
            ),
            (
                "http://a.example",
                {"endpoint_token": "NOT_SET"},
                "endpoint-token: the environment variable 'NOT_SET' is not set.",
            ),
            (
                "http://a.example",
                {"endpoint_token": "PATH"},
                "endpoint: a token would be sent without encryption. Use https://.",
            ),
        ],
    )
    def test_what_would_give_it_away_is_refused(
        self, folder: Path, url: str, inputs: dict[str, Any], message: str
    ) -> None:
        assert refusal(url, **inputs) == message

    def test_one_that_is_not_accepted(self, server: Server) -> None:
        server.reply = lambda request: Reply({}, 401)
        assert refusal(server.url) == (
            "endpoint-token: the endpoint does not let us in (status 401). "
            "Name the environment variable with a valid token."
        )
