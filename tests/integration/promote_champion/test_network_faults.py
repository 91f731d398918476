"""A promotion to a bucket, hurt at each of its writes: the registry stays whole, and running it again completes it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import s3_site
from mlflow_site import BUCKET, s3_environment
from mlops_actions.errors import OutsideError
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries.verification import verify
from s3_site import FAULTS, Fault, Proxy, faulty_proxy

OLD, NEW = digest_bytes(b"old"), digest_bytes(b"new")
WRITES = 9
"""The model in three, its verdict, evaluation and training, the log entry, and the hints at both."""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    if lacks := s3_site.missing():
        pytest.skip(f"needs {lacks}")
    with s3_site.s3_site(tmp_path_factory.mktemp("s3")) as address, faulty_proxy(address) as started:
        yield started


@pytest.fixture
def bucket(project: Any, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A project whose registry is a bucket with the champion `old`, and whose candidate `new` was judged."""
    for name, value in s3_environment(proxy.address).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    project.registry_location = f"s3://{BUCKET}/{secrets.token_hex(4)}"
    proxy.order(0, "reset")
    project.promoted("old")
    path = project.model("new")
    project.trained(path)
    project.judged(path)
    return project


def test_a_promotion_makes_so_many_writes(bucket: Any, proxy: Proxy) -> None:
    proxy.order(0, "reset")
    assert bucket.promote("build/new.joblib").predicate.result == "pass"
    assert proxy.writes == WRITES


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("write", range(1, WRITES + 1))
def test_a_promotion_that_is_hurt_once_ends_well_or_can_be_run_again(
    bucket: Any, proxy: Proxy, write: int, fault: Fault
) -> None:
    proxy.order(write, fault)
    try:
        ended = bucket.promote("build/new.joblib").predicate.result
    except OutsideError:
        ended = "outside"
    assert proxy.writes >= write
    proxy.order(0, "reset")
    registry = bucket.registry
    serving = registry.head("delay").aliases["champion"].sha256
    assert serving == (NEW if ended == "pass" else serving)
    assert serving in (OLD, NEW)
    assert registry.fetch(registry.head("delay").aliases["champion"].blob).read_bytes() in (b"old", b"new")
    again = bucket.promote("build/new.joblib").predicate
    assert (again.result, again.after, again.version) == ("pass", NEW, 2)
    assert [change.after.sha256 for change in registry.history("delay")] == [OLD, NEW]
    assert verify(registry, "delay").problems == ()


def test_a_server_that_is_gone_is_an_outside_error_and_changes_nothing(
    bucket: Any, monkeypatch: pytest.MonkeyPatch, proxy: Proxy
) -> None:
    monkeypatch.setattr("mlops_actions.registries.objects.RETRIES", {"max_retries": 1})
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(OutsideError, match="cannot be read"):
        bucket.promote("build/new.joblib")
    monkeypatch.setenv("AWS_ENDPOINT", proxy.address)
    assert bucket.registry.head("delay").aliases["champion"].sha256 == OLD


def test_the_champion_is_read_with_three_requests_when_the_hint_is_right(bucket: Any, proxy: Proxy) -> None:
    bucket.promote("build/new.joblib")
    proxy.order(0, "reset")
    assert bucket.registry.head("delay").aliases["champion"].sha256 == NEW
    assert len(proxy.requests) <= 3, proxy.requests
