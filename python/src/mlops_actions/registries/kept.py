"""Statements that a registry keeps beside a model: their names hold their digests, so that an edit is noticed."""

from __future__ import annotations

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import Predicate, Statement, Stored, digest_bytes
from mlops_actions.evidence.statement import parse_statement


def kept_name(stored: Stored[Predicate]) -> str:
    """The file name under which a statement is kept."""
    statement = stored.statement
    return f"{statement.kind}-{statement.sha256[:12]}-{stored.sha256[:12]}.json"


def kept_content(stored: Stored[Predicate]) -> bytes:
    """A statement's bytes; InputError when they changed since it was read."""
    content = stored.path.read_bytes()
    if digest_bytes(content) != stored.sha256:
        raise InputError("the statement changed while it was read.", where=str(stored.path))
    return content


def read_kept(name: str, content: bytes, where: str) -> Statement[Predicate]:
    """A kept statement; OutsideError when it is not what its name says."""
    if not name.endswith(f"-{digest_bytes(content)[:12]}.json"):
        raise OutsideError("the statement was edited or truncated: its name says another digest.", where=where)
    return parse_statement(content, where)
