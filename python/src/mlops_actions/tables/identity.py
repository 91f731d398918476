"""What tells a table from every other: its digest, and how much that proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlops_actions.evidence import Material


@dataclass(frozen=True)
class Identity:
    """Of the data as it was read."""

    sha256: str
    """Of the bytes; where these cannot be hashed, of what stands for them."""
    kind: str = "sha256"
    """`sha256` is strong. Others say what stands for the bytes: `etag+size`, `delta-version`, `rows+content`."""
    said: Mapping[str, str] = field(default_factory=dict)
    """The parts that people can compare, such as the version."""

    def material(self, name: str, uri: str) -> Material:
        """The entry in a statement."""
        return Material(name=name, uri=uri, digest={"sha256": self.sha256, **self.said}, kind=self.kind)
