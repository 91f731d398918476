"""What is optional is asked for by name."""

from __future__ import annotations

import json

import pytest

from mlops_actions.errors import InputError
from mlops_actions.extras import require


def test_what_is_installed_is_returned() -> None:
    assert require("json", "aws", "this") is json


def test_an_extra_that_is_not_installed_is_named_with_what_needs_it() -> None:
    with pytest.raises(InputError) as caught:
        require("a_module_of_nobody", "aws", "the registry 'sagemaker:eu-west-1'", where="registry")
    assert str(caught.value) == (
        "registry: the registry 'sagemaker:eu-west-1' needs mlops-actions[aws], which is not installed here. "
        "Install it: pip install 'mlops-actions[aws]'."
    )
