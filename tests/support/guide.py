"""Takes the configurations that the guide of canary-deploy shows, so that tests run what users copy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs/actions/canary-deploy.md"


def shown(section: str, language: str, replaced: Mapping[str, str]) -> str:
    """The one block of a language in a section, with what is particular to a machine replaced."""
    (text,) = shown_all(section, language, replaced)
    return text


def shown_all(section: str, language: str, replaced: Mapping[str, str]) -> list[str]:
    """Every block of a language in a section, likewise."""
    _, _, rest = GUIDE.read_text().partition(f"### {section}")
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", rest.partition("\n### ")[0], re.DOTALL)
    for old, new in replaced.items():
        assert any(old in text for text in found), f"{old!r} is not in the guide any more"
        found = [text.replace(old, new) for text in found]
    return found
