"""Render somebody else's statement as the text of a comment: nothing in it is trusted."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from mlops_actions.ci import CI
from mlops_actions.errors import InputError
from mlops_actions.evidence.statement import KINDS, Predicate, Statement, parse_statement
from mlops_actions.evidence.store import write_whole
from mlops_actions.reports import to_markdown
from mlops_actions.runner import Outcome

LARGEST_STATEMENT = 4 << 20
COMMENT_CHARACTERS = 65_000
"""GitHub refuses a comment of more than 65,536."""
_CUT = "\n\n… cut here: the statement holds the rest.\n"
_LINK = re.compile(r"://|(?i:www)\.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions comment verdict/*.json --output comment.md`."""
    parser.add_argument("statement", nargs="+", help="Statement files; those of other kinds than --kind are left out.")
    parser.add_argument("--kind", choices=KINDS, default="verdict", help="Which statements. Default: verdict.")
    parser.add_argument("--output", required=True, metavar="PATH", help="Markdown file to write.")


def run(options: argparse.Namespace, ci: CI) -> Outcome:  # noqa: ARG001  every command is given it
    """Write the comment, whole or not at all."""
    statements = [read_untrusted(Path(path)) for path in options.statement]
    wanted = [one for one in statements if one.kind == options.kind]
    if not wanted:
        raise InputError(f"none of the {len(statements)} statements is a {options.kind}.", hint="Choose with --kind.")
    write_whole(Path(options.output), comment(wanted).encode())
    return Outcome(0, {"path": options.output})


def read_untrusted(path: Path) -> Statement[Predicate]:
    """A statement of bounded size. InputError for whatever else the file is; a link is not followed."""
    if path.is_symlink() or not path.is_file():
        raise InputError(f"{str(path)!r} is no file.", hint="Name a statement.")
    with path.open("rb") as stream:
        content = stream.read(LARGEST_STATEMENT + 1)
    if len(content) > LARGEST_STATEMENT:
        raise InputError(f"larger than a statement may be ({LARGEST_STATEMENT >> 20} MiB).", where=str(path))
    return parse_statement(content, str(path))


def comment(statements: list[Statement[Predicate]]) -> str:
    """The statements as Markdown that links to nothing, mentions nobody and fits into a comment."""
    text = "\n".join(to_markdown(one) for one in statements)
    harmless = _LINK.sub(lambda match: f"{match[0][0]}&#8203;{match[0][1:]}", text)
    if len(harmless) <= COMMENT_CHARACTERS:
        return harmless
    # At the end of a line, so that no table row and no escape is cut in two.
    return harmless[: COMMENT_CHARACTERS - len(_CUT)].rpartition("\n")[0] + _CUT
