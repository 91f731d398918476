"""YAML that remembers its lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.errors import InputError
from mlops_actions.yaml_source import parse_yaml, read_yaml

POLICY = b"""# a policy
confidence: 0.95
rules:
  - rule: accuracy > 0.8
    reason: floor
  - roc_auc > champion
"""


def test_every_key_and_item_has_its_line() -> None:
    source = parse_yaml(POLICY, "policy.yaml", "policy")
    assert source.where("confidence") == "policy.yaml:2"
    assert source.where("rules", 0, "reason") == "policy.yaml:5"
    assert source.where("rules", 1) == "policy.yaml:6"


def test_a_key_that_is_not_there_is_placed_at_its_parent() -> None:
    assert parse_yaml(POLICY, "policy.yaml", "policy").where("rules", 0, "severity") == "policy.yaml:4"


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml(b"a: 1\nb: 2\na: 3\n", "mlops.yml", "configuration")
    assert str(caught.value) == "mlops.yml:3: the key 'a' stands twice, first in line 1."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: [1,\n", "c.yml:2: the contract is not valid YAML"),
        (b"\xff\xfe\x00", "c.yml: the contract is not UTF-8 text"),
        (b"a: !!python/object:os.system x", "c.yml:1: the contract is not valid YAML"),
        (b"a: 2026-13-45\n", "c.yml: the contract holds a value that YAML cannot read"),
    ],
)
def test_what_is_no_yaml_is_named_with_its_place(text: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_yaml(text, "c.yml", "contract")


def test_a_missing_file_is_named_with_its_role(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the contract '.*c.yml' does not exist. Check the path."):
        read_yaml(tmp_path / "c.yml", "contract")


@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_but_an_input_error(text: bytes) -> None:
    try:
        parse_yaml(text, "x.yml", "policy")
    except InputError as error:
        assert "policy" in str(error) or "stands twice" in str(error)
