"""The rules of one gate, from the input `rules` or from a policy file, checked as far as that goes without a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mlops_actions.ci.inputs import hyphenated
from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence import digest_bytes
from mlops_actions.policy.bases import Read, locate, read_base
from mlops_actions.policy.inheritance import inherit
from mlops_actions.policy.language.consistency import check_consistency
from mlops_actions.policy.language.parse import parse_rule
from mlops_actions.policy.language.rule import Rule, Severity
from mlops_actions.yaml_source import YamlSource, parse_yaml, read_yaml

DEFAULT_CONFIDENCE = 0.95
INLINE = "rules"
"""The `uri` of a policy that is the input `rules`."""
_MOST_BASES = 10
_KEYS = ConfigDict(extra="forbid", frozen=True, alias_generator=hyphenated, populate_by_name=True, defer_build=True)

Confidence = Annotated[float, Field(gt=0.5, lt=1.0, description="One-sided, for each bound; 0.95 where not given.")]


Count = Annotated[int, Field(ge=1, strict=True)]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_mapping(entry: object) -> object:
    return {"rule": entry} if isinstance(entry, str) else entry


class RuleEntry(BaseModel):
    """A rule with what its failure means. In the file it may also be the rule's text alone."""

    model_config = _KEYS

    rule: str = Field(description="Such as `roc_auc >= champion - 0.01`.")
    severity: Severity = Field("block", description="`block`, or `warn`: reported, but refuses nothing.")
    confidence: Confidence | None = None
    reason: str | None = Field(None, description="Why the rule exists.")
    owner: str | None = Field(None, description="Whom to ask about it.")
    until: date | None = Field(None, description="Last day of `severity: warn`; afterwards the rule blocks.")
    locked: bool = Field(False, description="Whether a policy that extends this one may only tighten the rule.")
    minimum_count: Count | None = Field(
        None, description="Rows in the metric's denominator that a slice needs; the policy's where not given."
    )


class PolicyDocument(BaseModel):
    """A policy file."""

    model_config = _KEYS

    extends: Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str])] = Field(
        default=[],
        description="Policies whose rules hold too: `./floor.yaml`, `https://…@sha256:…` or `org/repo/floor.yaml@ref`.",
    )
    confidence: Confidence | None = None
    minimum_count: Count | None = Field(
        None, description="Rows in a metric's denominator that a slice needs; evaluate-model must pool below as many."
    )
    test_set_budget: Count | None = Field(
        None, description="How many candidates one test set may judge; each is judged at that share of the error."
    )
    rules: list[Annotated[RuleEntry, BeforeValidator(_as_mapping, json_schema_input_type=str | RuleEntry)]] = Field(
        min_length=1, description="What a model must satisfy."
    )


@dataclass(frozen=True)
class Base:
    """A policy that was extended."""

    uri: str
    sha256: str
    text: bytes


@dataclass(frozen=True)
class Policy:
    """Rules that can hold together, and how sure the gate has to be."""

    rules: tuple[Rule, ...]
    confidence: float | None
    """None where the policy leaves it open."""
    sha256: str
    """Of the file, or of the inline text."""
    uri: str
    """The file's path, or `rules`."""
    text: bytes
    """What was read."""
    test_set_budget: int | None = None
    """How many candidates one test set may judge; None: any number, each at the whole error."""
    bases: tuple[Base, ...] = ()
    """The policies that it extends, directly or not, each once."""

    @property
    def read(self) -> list[tuple[str, str]]:
        """Where the policy and those that it extends were read, and their SHA-256."""
        return [(self.uri, self.sha256), *((base.uri, base.sha256) for base in self.bases)]


def read_policy(path: str) -> Policy:
    """Read a policy file. InputError with file:line for whatever is not understood, and for rules that contradict."""
    return parse_policy(read_yaml(path, "policy"))


def parse_policy(source: YamlSource, read: Read = read_base) -> Policy:
    """Read a policy document and those that it extends, whose texts `read` gets; see `read_policy`."""
    policy = _parse(source, read, ())
    check_consistency(policy.rules)
    return policy


def _parse(source: YamlSource, read: Read, above: tuple[str, ...]) -> Policy:
    document = _document(source)
    extended = [_base(source, index, reference, read, above) for index, reference in enumerate(document.extends)]
    rules: tuple[Rule, ...] = ()
    bases: dict[str, Base] = {}
    for base in extended:
        rules = inherit(rules, [_pinned(rule, base) for rule in base.rules])
        bases |= {one.uri: one for one in (*base.bases, Base(base.uri, base.sha256, base.text))}
    own = [_rule(source, index, entry, document) for index, entry in enumerate(document.rules)]
    confidence = document.confidence or max((one.confidence or 0.0 for one in extended), default=0.0) or None
    return Policy(
        inherit(rules, own),
        confidence,
        digest_bytes(source.text),
        source.name,
        source.text,
        document.test_set_budget or max((one.test_set_budget or 0 for one in extended), default=0) or None,
        tuple(bases.values()),
    )


def _base(source: YamlSource, index: int, reference: str, read: Read, above: tuple[str, ...]) -> Policy:
    where = source.where("extends", index)
    location = locate(reference, source.name, where)
    chain = (*above, source.name)
    if location.uri in chain or len(chain) > _MOST_BASES:
        how = "itself" if location.uri == source.name else " → ".join((*chain, location.uri))
        raise InputError(f"the policy extends {how}.", where=where, hint="Remove one of them.")
    return _parse(parse_yaml(read(location), location.uri, "policy"), read, chain)


def _pinned(rule: Rule, base: Policy) -> Rule:
    """A base's rule keeps the confidence that it has there."""
    return replace(rule, confidence=rule.confidence or base.confidence)


def inline_policy(text: str) -> Policy:
    """Read the input `rules`: one rule a line, `#` begins a comment. InputError with `rules:line`."""
    rules = tuple(
        Rule(_uncommented(line), f"rules:{number}", parse_rule(line.rstrip(), f"rules:{number}"))
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#")
    )
    if not rules:
        raise InputError("the input 'rules' holds no rule.", hint="Write one a line, such as accuracy >= 0.8.")
    check_consistency(rules)
    content = text.encode(errors="surrogateescape")
    return Policy(rules, None, digest_bytes(content), INLINE, content)


def _document(source: YamlSource) -> PolicyDocument:
    if not isinstance(source.data, Mapping):
        raise InputError("a policy is a mapping.", where=source.where(), hint="Begin it with `rules:`.")
    try:
        return PolicyDocument.model_validate(source.data)
    except ValidationError as error:
        # A misspelt key also misses the right one: the misspelling is the message that helps.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        raise _explained(first, source) from None


def _explained(error: Mapping[str, Any], source: YamlSource) -> InputError:
    keys = tuple(error["loc"])
    where, key = source.where(*keys), str(keys[-1]) if keys else ""
    entry = len(keys) > 1 and keys[0] == "rules"
    known = [hyphenated(name) for name in (RuleEntry if entry else PolicyDocument).model_fields]
    if error["type"] == "extra_forbidden":
        what = "a rule" if entry else "a policy"
        return InputError(f"{what} has no key {key!r}.", where=where, hint=nearest(key, known))
    if error["type"] == "too_short":
        return InputError("the policy holds no rule.", where=where, hint=_advice(key))
    if error["type"] == "missing":
        return InputError(f"the key {key!r} is missing.", where=where, hint=f"Known: {', '.join(known)}.")
    if entry and len(keys) == 2:
        return InputError(
            f"a rule is text, or keys and values; found {_shown(error['input'])}.",
            where=where,
            hint="Write `- accuracy >= 0.8`.",
        )
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return InputError(f"{key!r} is {_shown(error['input'])}: {message}.", where=where, hint=_advice(key))


def _advice(key: str) -> str:
    return {
        "confidence": "Write 95 % as 0.95.",
        "severity": "Write block or warn.",
        "until": "Write a day, such as 2030-12-31.",
        "extends": "Write ./policy.yaml, https://host/policy.yaml@sha256:… or org/repo/policy.yaml@ref.",
        "test-set-budget": "Write a whole number from 1.",
        "minimum-count": "Write a whole number from 1.",
        "locked": "Write true or false.",
        "rules": "Write a list of rules, one a line: `- accuracy >= 0.8`.",
    }.get(key, "Write text, in quotes where YAML reads a number.")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _rule(source: YamlSource, index: int, entry: RuleEntry, document: PolicyDocument) -> Rule:
    where = source.where("rules", index, "rule")
    if entry.until is not None and entry.severity != "warn":
        raise InputError(
            "'until' ends an exception, but the rule blocks already.",
            where=source.where("rules", index, "until"),
            hint="Add `severity: warn`, or remove `until`.",
        )
    demand = parse_rule(entry.rule.strip(), where)
    return Rule(
        _uncommented(entry.rule),
        where,
        demand,
        entry.severity,
        entry.confidence,
        entry.reason,
        entry.owner,
        entry.until,
        entry.locked,
        entry.minimum_count or document.minimum_count,
    )


def _uncommented(text: str) -> str:
    """Without the comment; a `#` in quotes is part of the rule."""
    quote = ""
    for index, letter in enumerate(text):
        if letter == "#" and not quote:
            return text[:index].strip()
        if letter in "'\"":
            quote = "" if letter == quote else quote or letter
    return text.strip()
