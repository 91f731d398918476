"""A promotion to a bucket, hurt at each of its writes: the registry stays whole, and running it again completes it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from mlops_actions.errors import OutsideError
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries import resolve
from mlops_actions.registries.verification import verify
from promotion_project import Project
from s3_site import FAULTS, PATIENCE, Fault, Proxy, faulty_proxy

OLD, NEW = digest_bytes(b"old"), digest_bytes(b"new")
WRITES = 9
"""The model in three, its verdict, evaluation and training, the log entry, and the hints at both."""


@pytest.fixture(scope="module")
def proxy(s3: str) -> Iterator[Proxy]:
    with faulty_proxy(s3) as started:
        yield started


@pytest.fixture
def hurt(bucket: Project, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose bucket behind the proxy has the champion `old`, and whose candidate `new` was judged."""
    monkeypatch.setenv("AWS_ENDPOINT", proxy.address)
    monkeypatch.setenv("AWS_TIMEOUT", f"{PATIENCE:.0f}s")
    proxy.order(0, "reset")
    bucket.promoted("old")
    path = bucket.model("new")
    bucket.trained(path)
    bucket.judged(path)
    return bucket


def test_a_promotion_makes_so_many_writes(hurt: Project, proxy: Proxy) -> None:
    proxy.order(0, "reset")
    assert hurt.promote("build/new.joblib").predicate.result == "pass"
    assert proxy.writes == WRITES


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("write", range(1, WRITES + 1))
def test_a_promotion_that_is_hurt_once_ends_well_or_can_be_run_again(
    hurt: Project, proxy: Proxy, write: int, fault: Fault
) -> None:
    proxy.order(write, fault)
    possible: tuple[str, ...] = (OLD, NEW)
    with contextlib.suppress(OutsideError):
        assert hurt.promote("build/new.joblib").predicate.result == "pass"
        possible = (NEW,)
    assert proxy.writes >= write
    proxy.order(0, "reset")
    registry = hurt.registry
    serving = hurt.champion()
    assert serving in possible
    assert resolve("delay@champion", registry.location, None).path.read_bytes() == (
        b"new" if serving == NEW else b"old"
    )
    again = hurt.promote("build/new.joblib").predicate
    assert (again.result, again.after, again.version) == ("pass", NEW, 2)
    assert [change.after.sha256 for change in registry.history("delay")] == [OLD, NEW]
    assert verify(registry, "delay").problems == ()


def test_a_server_that_is_gone_is_an_outside_error_and_changes_nothing(
    hurt: Project, monkeypatch: pytest.MonkeyPatch, proxy: Proxy
) -> None:
    monkeypatch.setattr("mlops_actions.registries.objects.RETRIES", {"max_retries": 1})
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(OutsideError, match="cannot be read"):
        hurt.promote("build/new.joblib")
    monkeypatch.setenv("AWS_ENDPOINT", proxy.address)
    assert hurt.champion() == OLD


def test_the_champion_is_read_with_three_requests_when_the_hint_is_right(hurt: Project, proxy: Proxy) -> None:
    hurt.promote("build/new.joblib")
    proxy.order(0, "reset")
    assert hurt.champion() == NEW
    assert len(proxy.requests) <= 3, proxy.requests
