"""Takes the configurations that the guide of canary-deploy shows, so that tests run what users copy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs/actions/canary-deploy.md"


def shown(section: str, language: str, replaced: Mapping[str, str]) -> str:
    """The one block of a language in a section, with what is particular to a machine replaced."""
    _, _, rest = GUIDE.read_text().partition(f"### {section}")
    found = re.findall(rf"```{language}\n(.*?)```", rest.partition("\n### ")[0], re.DOTALL)
    assert len(found) == 1, f"{len(found)} blocks of {language} in {section!r}"
    text: str = found[0]
    for old, new in replaced.items():
        assert old in text, f"{old!r} is not in the guide any more"
        text = text.replace(old, new)
    return text
