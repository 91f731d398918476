"""Between two runs: what another process can go on from."""

from __future__ import annotations

from mlops_actions.canary_deploy.metrics.interface import ERRORS, Snapshot, blocks_since
from mlops_actions.canary_deploy.pause import kept_counters, snapshot_of
from mlops_actions.statistics.sequential import Block, Counts

HERE, THERE = 1_000_000.0, 2_000_000.0
"""Unix times at 0 of the clocks of two machines."""


def taken(at: float, requests: int, errors: int, born: float, clock: float) -> Snapshot:
    """A snapshot by Unix times, on the clock of a machine."""
    counts = Counts(errors, requests)
    return Snapshot.of_errors(at - clock, candidate=counts, stable=counts, born=born and born - clock)


def test_counters_go_on_in_another_process_on_another_machine() -> None:
    kept = kept_counters(taken(2_000_500, 100, 1, born=1_900_000, clock=HERE), HERE)
    assert kept is not None
    after = taken(2_004_100, 400, 4, born=1_900_001.5, clock=THERE)
    (name, block), *rest = blocks_since(snapshot_of(kept, THERE), after, float("inf")).items()
    assert (name, block, rest) == (ERRORS, Block(Counts(3, 300), Counts(3, 300)), [])


def test_a_restart_that_was_overtaken_by_new_requests_is_seen_by_the_age() -> None:
    kept = kept_counters(taken(2_000_500, 100, 1, born=1_900_000, clock=HERE), HERE)
    assert kept is not None
    after = taken(2_004_100, 400, 4, born=2_001_000, clock=THERE)
    assert after.restarted_since(snapshot_of(kept, THERE))
    assert blocks_since(snapshot_of(kept, THERE), after, float("inf")) == {}


def test_clocks_that_differ_teach_nothing() -> None:
    kept = kept_counters(taken(2_000_500, 100, 1, born=1_900_000, clock=HERE), HERE)
    assert kept is not None
    # The other machine is a minute ahead, and so dates the proxy's start a minute later.
    after = taken(2_004_160, 400, 4, born=1_900_060, clock=THERE)
    assert blocks_since(snapshot_of(kept, THERE), after, float("inf")) == {}


def test_counters_that_do_not_tell_their_age_are_not_kept() -> None:
    assert kept_counters(taken(2_000_500, 100, 1, born=0.0, clock=HERE), HERE) is None
