"""YAML whose every key remembers its line, so that messages and annotations can point at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_actions.errors import InputError

if TYPE_CHECKING:
    import yaml

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class YamlSource:
    """A parsed YAML document and the line of each of its keys and list items."""

    name: str
    """The path as the user wrote it."""
    data: Any
    """Plain dicts, lists and scalars."""
    text: bytes
    """The bytes that were parsed, for digests."""
    lines: dict[Keys, int] = field(repr=False)

    def where(self, *keys: str | int) -> str:
        """The place of a key as `file:line`; of the closest known parent when the key itself has none."""
        for length in range(len(keys), -1, -1):
            line = self.lines.get(keys[:length])
            if line is not None:
                return f"{self.name}:{line}"
        return self.name


def read_yaml(path: str | Path, what: str) -> YamlSource:
    """Read a YAML file. `what` names its role in messages ("policy", "contract").

    Raises InputError when the file is missing, unreadable, not UTF-8, not YAML, or names a key twice.
    """
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(f"the {what} {str(path)!r} does not exist.", hint="Check the path.") from None
    except OSError as error:
        raise InputError(f"the {what} {str(path)!r} cannot be read: {error.strerror}.") from None
    return parse_yaml(text, str(path), what)


def parse_yaml(text: bytes, name: str, what: str) -> YamlSource:
    """Parse YAML bytes; see `read_yaml`."""
    import yaml  # late: a gate over the input `rules` reads no YAML, and this takes a thirteenth of its time

    loader = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader
    try:
        reader = loader(text.decode("utf-8"))
        root = reader.get_single_node()
        lines: dict[Keys, int] = {(): 1}
        if root is not None:
            _collect(root, (), lines, name)
        data = reader.construct_document(root) if root is not None else None
    except UnicodeDecodeError as error:
        raise InputError(f"the {what} is not UTF-8 text: {error.reason} at byte {error.start}.", where=name) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}" if mark else name
        raise InputError(f"the {what} is not valid YAML: {error.problem or error.context}.", where=place) from None
    except yaml.YAMLError as error:
        raise InputError(f"the {what} is not valid YAML: {error}.", where=name) from None
    except ValueError as error:
        raise InputError(f"the {what} holds a value that YAML cannot read: {error}.", where=name) from None
    return YamlSource(name=name, data=data, text=text, lines=lines)


def _collect(node: yaml.Node, keys: Keys, lines: dict[Keys, int], name: str) -> None:
    from yaml import MappingNode, SequenceNode

    if isinstance(node, MappingNode):
        for key_node, value_node in node.value:
            key = str(key_node.value)
            path = (*keys, key)
            line = key_node.start_mark.line + 1
            if path in lines and lines[path] != line and key != "<<":
                raise InputError(f"the key {key!r} stands twice, first in line {lines[path]}.", where=f"{name}:{line}")
            lines[path] = line
            _collect(value_node, path, lines, name)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            lines[*keys, index] = item.start_mark.line + 1
            _collect(item, (*keys, index), lines, name)
