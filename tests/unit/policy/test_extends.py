"""Policies that extend others: what they inherit, what they may change, and where the others are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from github_site import github_site
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_bytes
from mlops_actions.policy.bases import Location, locate, read_base
from mlops_actions.policy.document import read_policy


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: str, text: str) -> str:
    """Write a policy; returns its digest."""
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(text)
    return digest_bytes(text.encode())


def floor(*rules: str, head: str = "") -> None:
    write("platform/floor.yaml", f"{head}rules:\n" + "".join(f"- {rule}\n" for rule in rules))


def extended(*rules: str, head: str = "") -> list[str]:
    """The rules that hold when a policy with these extends the floor."""
    own = f"{head}extends: ./platform/floor.yaml\nrules:\n" + "".join(f"- {rule}\n" for rule in rules)
    write("policy.yaml", own)
    return [rule.text for rule in read_policy("policy.yaml").rules]


def refused(*rules: str, head: str = "") -> str:
    with pytest.raises(InputError) as error:
        extended(*rules, head=head)
    return str(error.value)


def test_the_rules_of_the_floor_hold_and_come_first() -> None:
    floor("accuracy > 0.8", "size_mb < 50")
    assert extended("roc_auc > 0.7") == ["accuracy > 0.8", "size_mb < 50", "roc_auc > 0.7"]


def test_an_own_rule_about_the_same_takes_the_place_of_an_open_one() -> None:
    floor("accuracy > 0.8", "size_mb < 50")
    assert extended("accuracy >= 0.7") == ["accuracy >= 0.7", "size_mb < 50"]


def test_a_guard_does_not_take_the_place_of_a_plain_rule() -> None:
    floor("recall >= champion - 0.01")
    assert len(extended("forbid recall < champion - 0.03")) == 2


LOCKED = "{rule: accuracy > 0.8, locked: true}"


@pytest.mark.parametrize("own", ["accuracy > 0.8", "accuracy > 0.9", "accuracy >= 0.81"])
def test_a_locked_rule_may_be_tightened(own: str) -> None:
    floor(LOCKED)
    assert extended(own) == [own]


@pytest.mark.parametrize(
    ("locked", "own", "what"),
    [
        ("accuracy > 0.8", "accuracy > 0.79", "allows more"),
        ("accuracy > 0.8", "accuracy >= 0.8", "allows more"),
        ("size_mb < 50", "size_mb < 51", "allows more"),
        ("roc_auc >= champion - 0.01", "roc_auc >= champion - 0.02", "allows more"),
        ("abs(demographic_parity[origin]) <= 0.05", "abs(demographic_parity[origin]) <= 0.06", "allows more"),
        # A guard is tightened by forbidding more.
        ("forbid recall[carrier] < champion - 0.03", "forbid recall[carrier] < champion - 0.05", "allows more"),
        ("forbid accuracy <= 0.5", "forbid accuracy < 0.5", "allows more"),
        ("accuracy > 0.8", "{rule: accuracy > 0.9, severity: warn}", "refuses less"),
        (
            "accuracy > 0.8",
            "{rule: accuracy > 0.9, severity: warn, until: 2030-01-01}",
            "refuses less",
        ),
        ("accuracy > 0.8", "{rule: accuracy > 0.8, confidence: 0.9}", "is judged at another confidence (0.9)"),
        (
            "forbid recall < champion - 0.03",
            "{rule: forbid recall < champion - 0.03, confidence: 0.99}",
            "is judged at another confidence (0.99)",
        ),
        ("passed(data)", "{rule: passed(data), severity: warn}", "refuses less"),
        ("passed(model)", "{rule: passed(model), severity: warn}", "refuses less"),
    ],
)
def test_a_locked_rule_may_not_be_loosened(locked: str, own: str, what: str) -> None:
    floor(f"{{rule: '{locked}', locked: true}}", head="confidence: 0.95\n")
    text = own[7:].partition(", ")[0] if own.startswith("{") else own
    assert refused(own) == (
        f"policy.yaml:3: `{text}` {what} than `{locked}`, which platform/floor.yaml:3 locks. "
        "A locked rule may only be tightened: remove yours, or ask for more."
    )


def test_a_rule_about_the_model_does_not_stand_for_one_about_the_data() -> None:
    floor("{rule: passed(data), locked: true}")
    assert extended("{rule: passed(model), severity: warn}") == ["passed(data)", "passed(model)"]


def test_a_lower_confidence_of_the_policy_does_not_reach_the_floors_rules() -> None:
    floor(LOCKED, head="confidence: 0.99\n")
    extended("roc_auc > 0.7", head="confidence: 0.9\n")
    policy = read_policy("policy.yaml")
    assert [(rule.confidence, policy.confidence) for rule in policy.rules] == [(0.99, 0.9), (None, 0.9)]


def test_without_a_confidence_of_its_own_a_policy_has_the_floors() -> None:
    floor("accuracy > 0.8", head="confidence: 0.99\n")
    extended("roc_auc > 0.7")
    assert read_policy("policy.yaml").confidence == 0.99


def test_a_contradiction_to_the_floor_names_both_places() -> None:
    floor("accuracy > 0.8")
    assert refused("accuracy < 0.7") == (
        "policy.yaml:3: `accuracy < 0.7` contradicts `accuracy > 0.8` in platform/floor.yaml:2: "
        "no model can satisfy both. Change or remove one of them."
    )


def test_floors_stand_on_floors_and_each_is_listed_once() -> None:
    write("a.yaml", "rules: [accuracy > 0.8]")
    write("b.yaml", "extends: ./a.yaml\nrules: [roc_auc > 0.7]")
    write("c.yaml", "extends: ./a.yaml\nrules: [recall > 0.5]")
    write("d.yaml", "extends: [./b.yaml, ./c.yaml]\nrules: [size_mb < 9]")
    policy = read_policy("d.yaml")
    assert [rule.text for rule in policy.rules] == ["accuracy > 0.8", "roc_auc > 0.7", "recall > 0.5", "size_mb < 9"]
    assert [base.uri for base in policy.bases] == ["a.yaml", "b.yaml", "c.yaml"]


def test_a_circle_is_refused() -> None:
    write("a.yaml", "extends: ./b.yaml\nrules: [accuracy > 0.8]")
    write("b.yaml", "extends: ./a.yaml\nrules: [accuracy > 0.8]")
    with pytest.raises(InputError, match=r"b.yaml:1: the policy extends a.yaml → b.yaml → a.yaml"):
        read_policy("a.yaml")
    write("c.yaml", "extends: ./c.yaml\nrules: [accuracy > 0.8]")
    with pytest.raises(InputError, match=r"c.yaml:1: the policy extends itself"):
        read_policy("c.yaml")


def test_a_pinned_floor_that_changed_is_refused() -> None:
    digest = write("floor.yaml", "rules: [accuracy > 0.8]")
    write("policy.yaml", f"extends: ./floor.yaml@sha256:{digest}\nrules: [roc_auc > 0.7]")
    assert len(read_policy("policy.yaml").rules) == 2
    now = write("floor.yaml", "rules: [accuracy > 0.1]")
    with pytest.raises(InputError) as error:
        read_policy("policy.yaml")
    assert str(error.value) == (
        f"policy.yaml:1: the policy 'floor.yaml' has the SHA-256 {now[:12]}…, not {digest[:12]}…. "
        "Look at what changed in it, then write the new digest."
    )


def test_a_mistake_in_a_floor_is_told_at_its_own_place() -> None:
    floor("acuracy >")
    assert refused("accuracy > 0.8").startswith("platform/floor.yaml:2: ")
    Path("platform/floor.yaml").unlink()
    assert refused("accuracy > 0.8").startswith("policy.yaml:1: the policy 'platform/floor.yaml' does not exist.")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("https://host/floor.yaml", "is no https address with a digest"),
        ("http://host/floor.yaml@sha256:" + "0" * 64, "is no https address with a digest"),
        ("./floor.yaml@main", "'main' is no SHA-256"),
        ("floor@v1", "'floor@v1' names no policy"),
    ],
)
def test_a_reference_of_no_known_form_is_refused(reference: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        locate(reference, "policy.yaml", "policy.yaml:1")


def test_a_floor_that_is_no_file_extends_no_path() -> None:
    with pytest.raises(InputError, match="'org/repo/floor.yaml@v1' is no file, and extends the path './other.yaml'"):
        locate("./other.yaml", "org/repo/floor.yaml@v1", "")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Has one policy, under one tag."""
    with github_site({"/repos/org/policies/contents/ml/floor.yaml?ref=v1": b"rules: [accuracy > 0.8]"}) as site:
        monkeypatch.setenv("GITHUB_API_URL", site.url)
        yield


@pytest.mark.usefixtures("server")
def test_a_floor_of_another_repository_is_read_as_uses_names_it() -> None:
    write("policy.yaml", "extends: org/policies/ml/floor.yaml@v1\nrules: [roc_auc > 0.7]")
    policy = read_policy("policy.yaml")
    assert [rule.where for rule in policy.rules] == ["org/policies/ml/floor.yaml@v1:1", "policy.yaml:2"]
    write("policy.yaml", "extends: org/policies/ml/floor.yaml@v2\nrules: [roc_auc > 0.7]")
    with pytest.raises(OutsideError, match=r"policy.yaml:1: .* cannot be read: the server answered 404"):
        read_policy("policy.yaml")


def test_without_a_server_another_repository_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_API_URL", raising=False)
    with pytest.raises(OutsideError, match="no server answers"):
        read_base(locate("org/policies/floor.yaml@v1", "policy.yaml", "policy.yaml:1"))


def test_an_address_that_does_not_answer_is_an_outside_error() -> None:
    with pytest.raises(OutsideError, match=r"the policy 'https://127.0.0.1:9/floor.yaml' cannot be read: "):
        read_base(Location("url", "https://127.0.0.1:9/floor.yaml", "0" * 64, "policy.yaml:1"))
