"""Policies: what a file may hold, and one message with its place for everything else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence import digest_bytes
from mlops_actions.policy.document import inline_policy, read_policy


def test_a_policy_holds_rules_with_what_their_failure_means(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        "confidence: 0.9\n"
        "rules:\n"
        "  - accuracy > 0.8  # plain\n"
        '  - rule: forbid recall["a#b"] < champion - 0.03  # quoted\n'
        "    severity: warn\n"
        "    confidence: 0.99\n"
        "    reason: Nobody pays for the average.\n"
        "    owner: risk\n"
        "    until: 2030-01-31\n"
    )
    policy = read_policy(str(path))
    plain, excepted = policy.rules
    assert (policy.confidence, policy.sha256) == (0.9, digest_bytes(path.read_bytes()))
    assert (plain.text, plain.where, plain.severity) == ("accuracy > 0.8", f"{path}:3", "block")
    assert (excepted.text, excepted.where) == ('forbid recall["a#b"] < champion - 0.03', f"{path}:4")
    assert (excepted.confidence, excepted.reason, excepted.owner) == (0.99, "Nobody pays for the average.", "risk")


def test_an_exception_warns_until_its_last_day_and_then_blocks(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("rules:\n  - {rule: accuracy > 0.8, severity: warn, until: 2030-01-31}\n")
    (rule,) = read_policy(str(path)).rules
    assert [rule.severity_on(date(2030, 1, 31)), rule.severity_on(date(2030, 2, 1))] == ["warn", "block"]


def test_inline_rules_keep_their_line_numbers() -> None:
    policy = inline_policy("accuracy > 0.8\n\n  # a comment\nroc_auc > 0.7  # why\n")
    assert [(rule.text, rule.where) for rule in policy.rules] == [
        ("accuracy > 0.8", "rules:1"),
        ("roc_auc > 0.7", "rules:4"),
    ]


def test_inline_rules_without_a_rule_are_refused() -> None:
    with pytest.raises(InputError, match="the input 'rules' holds no rule"):
        inline_policy("# nothing\n\n")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("accuracy > 0.8", 1, "a policy is a mapping. Begin it with `rules:`."),
        ("rulez: [a > 1]", 1, "a policy has no key 'rulez'. Did you mean 'rules'?"),
        (
            "confidence: 0.9",
            1,
            "the key 'rules' is missing. Known: extends, confidence, minimum-count, test-set-budget, rules.",
        ),
        ("confidence: 95\nrules: [a > 1]", 1, "'confidence' is 95: should be less than 1. Write 95 % as 0.95."),
        (
            "extends: 7\nrules: [a > 1]",
            1,
            "'extends' is 7: should be a valid list. "
            "Write ./policy.yaml, https://host/policy.yaml@sha256:… or org/repo/policy.yaml@ref.",
        ),
        (
            "minimum-count: 0\nrules: [a > 1]",
            1,
            "'minimum-count' is 0: should be greater than or equal to 1. Write a whole number from 1.",
        ),
        ("rules: []", 1, "the policy holds no rule. Write a list of rules, one a line: `- accuracy >= 0.8`."),
        (
            "rules:\n- |\n  a > 1\n  b > 1",
            2,
            "column 1: a rule is one line. Give each rule an entry of its own.",
        ),
        ("rules:\n- a > 1\n- 3", 3, "a rule is text, or keys and values; found 3. Write `- accuracy >= 0.8`."),
        ("rules:\n- rule: a > 1\n  severty: warn", 3, "a rule has no key 'severty'. Did you mean 'severity'?"),
        (
            "rules:\n- rule: a > 1\n  severity: stop",
            3,
            "'severity' is 'stop': should be 'block' or 'warn'. Write block or warn.",
        ),
        (
            "rules:\n- {severity: warn}",
            2,
            "the key 'rule' is missing. "
            "Known: rule, severity, confidence, reason, owner, until, locked, minimum-count.",
        ),
        (
            "rules:\n- rule: a > 1\n  until: 2030-01-01",
            3,
            "'until' ends an exception, but the rule blocks already. Add `severity: warn`, or remove `until`.",
        ),
        (
            "rules:\n- a > 1\n- b >> 1",
            3,
            "column 1: `b >> 1` compares nothing. A rule compares a metric with a limit: "
            "`accuracy >= 0.8`, `roc_auc >= champion - 0.01`.",
        ),
        (
            "rules:\n- accuracy > 0.9\n- roc_auc > .1\n- accuracy < 0.8",
            4,
            "`accuracy < 0.8` contradicts `accuracy > 0.9` in {path}:2: no model can satisfy both. "
            "Change or remove one of them.",
        ),
        (
            "rules:\n- roc_auc >= champion\n- forbid roc_auc > champion - 0.01",
            3,
            "`forbid roc_auc > champion - 0.01` contradicts `roc_auc >= champion` in {path}:2: "
            "no model can satisfy both. Change or remove one of them.",
        ),
        ("rules:\n- 0.9 < a < 0.8", 2, "no model can satisfy `0.9 < a < 0.8`. Turn the limits round."),
        (
            "rules:\n- accuracy > 80",
            2,
            "`accuracy > 80`: accuracy lies between 0 and 1, the limit is 80. "
            "Write a limit in that range. If 80 % is meant, write 0.8.",
        ),
        (
            "rules:\n- recall[c] >= champion - 5",
            2,
            "`recall[c] >= champion - 5`: the difference of recall[c] to the champion lies between -1 and 1, "
            "the limit is -5. Write a limit in that range. If -5 % is meant, write -0.05.",
        ),
    ],
)
def test_a_bad_policy_is_refused_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        read_policy(str(path))
    assert str(refused.value) == f"{path}:{line}: {message.replace('{path}', str(path))}"


def test_a_missing_policy_is_an_input_error() -> None:
    with pytest.raises(InputError, match="the policy 'none.yaml' does not exist. Check the path."):
        read_policy("none.yaml")


@pytest.mark.parametrize("text", ["accuracy > 0.8\naccuracy < 0.9", "accuracy >= 0.8\naccuracy <= 0.8", "a > 1\nb < 0"])
def test_rules_that_can_hold_together_are_read(text: str) -> None:
    assert len(inline_policy(text).rules) == 2
