"""The extras bring what the clouds are spoken to with."""

from __future__ import annotations

import pytest

from mlops_actions.extras import require


@pytest.mark.parametrize(("extra", "module"), [("aws", "boto3"), ("azure", "azure.identity")])
def test_an_extra_brings_its_library(extra: str, module: str) -> None:
    assert require(module, extra, "this test").__name__ == module
