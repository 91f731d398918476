"""From a model back to the data, code, configuration, runs and people that it came from."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs
from mlops_actions.dossier import Link, finished, read_dossier
from mlops_actions.errors import InputError
from mlops_actions.evidence import Material, Predicate, Statement, digest_bytes
from mlops_actions.evidence.promotion import Promotion
from mlops_actions.evidence.statement import KINDS
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.registries import Change, Registry
from mlops_actions.runner import Outcome, common_inputs

_NEWEST = 1000
"""Log entries that are looked through for the model's promotions."""

_READ = frozenset({"data", "reference", "contract", "policy", "champion"})
"""Materials that are no statements themselves."""


@dataclass(frozen=True)
class Node:
    """Something in the chain, and what it rests on."""

    label: str
    sha256: str
    detail: str
    parents: tuple[Node, ...] = ()
    missing: bool = False
    """Whether a statement rests on this one, and it is nowhere to be found: the chain is broken here."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions trace model.joblib`, or a reference such as name@champion."""
    parser.add_argument("model", help="A path, name@alias, @alias, name:version or sha256:….")
    add_inputs(parser, CommonInputs, only={"config", "name", "registry", "log", "evidence"})
    parser.add_argument("--format", choices=("text", "mermaid", "json"), help="Default: text, then the Mermaid graph.")


def run(options: argparse.Namespace, ci: CI) -> Outcome:  # noqa: ARG001  every command is given it
    """Print the chain as text and as a Mermaid graph."""
    from mlops_actions.registries import open_registry
    from mlops_actions.registries.reference import resolve

    inputs = common_inputs(vars(options), os.environ)
    model = resolve(options.model, inputs.registry, inputs.name)
    registry = open_registry(inputs.registry)
    statements = read_dossier(inputs.evidence, registry, [model])
    changes = _changes(registry, model.name, model.sha256) if model.name else []
    chain = follow(options.model, model.sha256, statements, changes)
    if not chain.parents:
        raise InputError(
            f"no statement in {inputs.evidence!r} is about {options.model!r} (sha256 {model.sha256[:12]}).",
            hint="Name the folder with --evidence.",
        )
    drawings = {"text": text, "mermaid": mermaid, "json": as_json}
    wanted = [options.format] if options.format else ["text", "mermaid"]
    sys.stdout.write("\n\n".join(drawings[format_](chain) for format_ in wanted) + "\n")
    return Outcome(0, {})


def _changes(registry: Registry, name: str, sha256: str) -> list[Change]:
    """The changes that let an alias name this model, oldest first, as far as they are not long ago."""
    start = max(1, registry.head(name).entry - _NEWEST + 1)
    return [one for one in registry.history(name, start) if one.after.sha256 == sha256]


def follow(name: str, sha256: str, statements: list[Link[Predicate]], changes: Sequence[Change] = ()) -> Node:
    """The chain behind one digest: the statements about it, their materials, the statements about those.

    `changes` of the registry's log are told where no statement tells of the same entry.
    """
    model = _follow("model", name, sha256, statements, frozenset())
    promotions = [one.statement.predicate for one in statements if isinstance(one.statement.predicate, Promotion)]
    told = {(one.name, one.entry) for one in promotions}
    logged = [_of_change(one) for one in changes if (one.after.name, one.entry) not in told]
    return replace(model, parents=(*model.parents, *logged))


def _of_change(change: Change) -> Node:
    author = change.author
    facts = [f"@{change.alias}", f"v{change.after.number}", f"{change.time:%Y-%m-%d %H:%M:%SZ}", f"by {author}"]
    return Node(f"{change.action} (log entry {change.entry})", "", ", ".join(filter(None, [*facts, author.run_url])))


def _follow(label: str, name: str, sha256: str, statements: list[Link[Predicate]], above: frozenset[str]) -> Node:
    alike: dict[tuple[str, ...], list[Link[Predicate]]] = {}
    for one in statements:
        if one.statement.sha256 == sha256:
            alike.setdefault(_gist(one.statement.predicate), []).append(one)
    parents = tuple(_of_statements(group, statements, above | {sha256}) for group in alike.values())
    return Node(label, sha256, name, parents)


def _gist(predicate: Predicate) -> tuple[str, ...]:
    """What statements about one subject have in common when they say the same of the same things."""
    said = predicate.model_dump_json(exclude={"provenance", "materials", "timing", "seconds"})
    read = sorted(value for one in predicate.materials if one.name in _READ for value in one.digest.values())
    return (predicate.KIND, said, *read)


def _of_statements(alike: list[Link[Predicate]], statements: list[Link[Predicate]], above: frozenset[str]) -> Node:
    """The newest of statements that say the same."""
    link = max(alike, key=finished)
    predicate = link.statement.predicate
    known = {one.sha256 for one in statements}
    materials = [
        _follow_material(material, statements, above)
        for material in predicate.materials
        if material.digest.get("sha256") not in known | above
    ]
    others = f", and {len(alike) - 1} older like it" if len(alike) > 1 else ""
    return Node(predicate.KIND, link.sha256, _detail(link.statement) + others, tuple(materials))


def _follow_material(material: Material, statements: list[Link[Predicate]], above: frozenset[str]) -> Node:
    sha256 = next(iter(material.digest.values()), "")
    if material.name in KINDS:
        return Node(material.name, sha256, f"{material.uri}, MISSING: this statement is not here", missing=True)
    return _follow(material.name, material.uri, sha256, statements, above)


def _detail(statement: Statement[Predicate]) -> str:
    """The result, and who made it where and when."""
    predicate = statement.predicate
    facts: list[str] = [predicate.result]
    facts += [f"@{predicate.alias}"] if isinstance(predicate, Promotion) else []
    people = _people(predicate)
    if predicate.provenance:
        provenance = predicate.provenance
        facts.append(provenance.finished.strftime("%Y-%m-%d %H:%M:%SZ"))
        facts += [f"commit {provenance.commit[:12]}"] if provenance.commit else []
        facts += [f"by {provenance.actor}"] if provenance.actor else []
        people += [provenance.run_url] if provenance.run_url else []
    return ", ".join([*facts, *people])


def _people(predicate: Predicate) -> list[str]:
    """Who approved or forced a promotion, and who owns the rules of a verdict."""
    if isinstance(predicate, Promotion):
        approved = [f"approved by {', '.join(predicate.approved_by)}"] if predicate.approved_by else []
        return approved + ([f"forced: {predicate.forced.reason}"] if predicate.forced else [])
    if isinstance(predicate, Verdict):
        owners = dict.fromkeys(rule.owner for rule in predicate.rules if rule.owner)
        return [f"rules of {', '.join(owners)}"] if owners else []
    return []


def text(chain: Node) -> str:
    """The chain as an indented tree; what was shown above is not spelled out again."""
    return "\n".join(_tree(chain, "", "", set()))


def _tree(node: Node, first: str, rest: str, shown: set[str]) -> Iterator[str]:
    again = bool(node.parents) and node.sha256 in shown
    shown.add(node.sha256)
    facts = "  ".join(filter(None, (node.label, node.sha256[:12], node.detail)))
    yield f"{first}{facts}{' (see above)' if again else ''}"
    for number, parent in enumerate(() if again else node.parents, start=1):
        last = number == len(node.parents)
        yield from _tree(parent, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "), shown)


def mermaid(chain: Node) -> str:
    """The chain as a Mermaid graph; what is reached twice is drawn once."""
    nodes: dict[str, str] = {}
    edges: dict[str, None] = {}
    for child, node in _edges(chain, None):
        shown = "<br/>".join(filter(None, (node.label, _quoted(node.detail), node.sha256[:12])))
        nodes[_id(node)] = f'  {_id(node)}["{shown}"]{":::missing" if node.missing else ""}'
        if child:
            edges[f"  {_id(node)} --> {_id(child)}"] = None
    style = ["  classDef missing stroke:#c00,stroke-dasharray:4"] if any(":::" in one for one in nodes.values()) else []
    return "\n".join(["```mermaid", "graph LR", *nodes.values(), *edges, *style, "```"])


def _edges(node: Node, child: Node | None) -> Iterator[tuple[Node | None, Node]]:
    yield child, node
    for parent in node.parents:
        yield from _edges(parent, node)


def _id(node: Node) -> str:
    return f"n{node.sha256[:12] or digest_bytes(f'{node.label} {node.detail}'.encode())[:12]}"


def _quoted(label: str) -> str:
    return label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def as_json(chain: Node) -> str:
    """The chain as nested JSON."""
    return json.dumps(_as_dict(chain), indent=1)


def _as_dict(node: Node) -> dict[str, object]:
    return {
        "what": node.label,
        "sha256": node.sha256,
        "detail": node.detail,
        "missing": node.missing,
        "from": [_as_dict(parent) for parent in node.parents],
    }
