from __future__ import annotations

from dataclasses import replace

from mlops_actions.canary_deploy.following import changed, mirror_changed, not_followed
from mlops_actions.canary_deploy.looks import Seen

SEEN = Seen(0.0, 5.0, {}, mirror=25.0)


def test_what_is_as_it_was_set_has_no_reason() -> None:
    assert changed(5.001, SEEN) is mirror_changed(25, SEEN) is not_followed(5, (50, 1000)) is None


def test_copies_that_somebody_else_changed_are_named() -> None:
    reason = mirror_changed(100, SEEN)
    assert reason is not None
    assert reason.message == (
        "25 % of the requests are copied to the candidate, this rollout had set 100 %: somebody else changed it."
    )
    reason = mirror_changed(100, replace(SEEN, restarted=True))
    assert reason is not None
    assert reason.message.endswith("100 %: the proxy was restarted.")
