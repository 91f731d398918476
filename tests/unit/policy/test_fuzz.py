"""Whatever a policy holds, it is read or refused with its place; what is read asks for what it says."""

from __future__ import annotations

import json
import string
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.errors import MlopsError
from mlops_actions.policy.bases import Location
from mlops_actions.policy.document import Policy, parse_policy
from mlops_actions.policy.facts import Champion, Facts, Scope
from mlops_actions.policy.judging.decision import decide
from mlops_actions.policy.judging.judge import Terms, judge
from mlops_actions.policy.language.parse import parse_rule
from mlops_actions.policy.language.rule import Guard, Passed, Shown
from mlops_actions.yaml_source import parse_yaml

WORDS = """
accuracy roc_auc recall champion anchor recorded baseline worst abs ratio gap age model days passed data size_mb
latency_p95_ms forbid and or not if lambda carrier origin demographic_parity fbeta None True nan inf __import__
"""
MARKS = """
> >= < <= == != + - * / @ & | ( ) [ ] { } , . : ; # ' " \\ = := ** // % ~ ^ -> ... é ∞
"""
KEYS = "rules rule confidence severity reason owner until extends locked minimum-count test-set-budget rulez"
ODD_NUMBERS = ["0.8", "1e999", "0x10", "1_0", "1j", "-0", "80%"]

words, marks = st.sampled_from(WORDS.split()), st.sampled_from([*MARKS.split(), "\n", "\t", "\x00"])
numbers = st.one_of(st.floats(), st.integers(), st.sampled_from(ODD_NUMBERS)).map(str)
rules = st.lists(st.one_of(words, numbers, marks, st.text(max_size=3)), max_size=14).map(" ".join)
likely = st.tuples(
    st.sampled_from(["", "forbid "]),
    st.sampled_from(["accuracy", "recall[carrier]", "worst(recall[carrier])", "abs(gap(recall[carrier]))", "size_mb"]),
    st.sampled_from([">", ">=", "<", "<=", "=="]),
    st.one_of(numbers, st.sampled_from(["champion", "0.9 * champion - 0.1", "anchor", "days(3)", "champion + anchor"])),
).map(" ".join)
short = st.text(string.printable, max_size=8)
scalars = st.one_of(st.none(), st.booleans(), st.floats(allow_nan=False), st.integers(), short)
values = st.recursive(
    st.one_of(scalars, rules),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
keys = st.sampled_from(KEYS.split())
entries = st.dictionaries(keys, st.one_of(values, likely), max_size=4)
documents = st.one_of(
    values,
    st.dictionaries(keys, values, max_size=4),
    st.fixed_dictionaries({"rules": st.lists(st.one_of(rules, likely, entries), max_size=3)}),
)


def nowhere(location: Location) -> bytes:
    raise MlopsError(f"{location.uri} is not read here.", where=location.where)


def read(text: bytes) -> Policy | None:
    """The policy, or None for one message with its place."""
    try:
        return parse_policy(parse_yaml(text, "policy.yaml", "policy"), nowhere)
    except MlopsError as error:
        assert error.where is not None
        assert error.where.startswith("policy.yaml"), error
        return None


@settings(max_examples=400, deadline=None)
@given(st.one_of(rules, likely))
def test_a_rule_is_understood_or_refused_at_its_place(text: str) -> None:
    try:
        demand = parse_rule(text, "policy.yaml:3")
    except MlopsError as error:
        assert str(error).startswith("policy.yaml:3"), error
    else:
        assert isinstance(demand, Shown | Guard | Passed)
        # A rule that was understood asks for something.
        assert isinstance(demand, Passed) or demand.comparisons


@settings(max_examples=300, deadline=None)
@given(documents)
def test_a_policy_is_understood_or_refused_at_its_place(document: object) -> None:
    policy = read(json.dumps(document).encode())
    assert policy is None or policy.rules


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_so_is_whatever_is_no_policy_at_all(content: bytes) -> None:
    policy = read(content)
    assert policy is None or policy.rules


@settings(max_examples=200, deadline=None)
@given(st.lists(likely, min_size=1, max_size=4))
def test_no_policy_passes_on_a_model_of_which_nothing_is_known(asked: list[str]) -> None:
    policy = read(json.dumps({"rules": asked}).encode())
    if policy is None:
        return
    nothing = Facts(Scope(0), {"carrier": {}}, champion=Champion("unknown"))
    for points in (False, True):
        found = judge(policy.rules, nothing, Terms(0.95, points, "skip", date(2030, 1, 1)))
        assert decide(found).result != "pass"
