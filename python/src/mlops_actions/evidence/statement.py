"""The envelope of every document that flows between the actions: an in-toto Statement about one SHA-256."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from mlops_actions.ci.credentials import without_credentials
from mlops_actions.errors import InputError

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPES = "https://mlops-actions.github.io/statement"

Result = Literal["pass", "fail", "inconclusive"]

Sha256 = str

Uri = Annotated[str, AfterValidator(without_credentials)]
"""A place as the user wrote it, less the password that it may hold."""


class Document(BaseModel):
    """What every part of a statement shares: frozen; NaN and infinity are refused (an unbounded side is null).

    Unknown fields are ignored when reading, so that every v1.x reads what a later v1.y wrote.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, extra="ignore", defer_build=True)


class Reason(Document):
    """Why the result is what it is."""

    code: str = Field(description="Stable word for machines, such as `few-clusters`.")
    message: str = Field(description="One sentence for people.")
    where: str | None = Field(None, description="`file:line`, an input, a column or a rule.")
    warning: bool = Field(False, description="True where it did not change the result.")


class Material(Document):
    """Something that was read to come to the result."""

    name: str = Field(description="Its role: data, reference, contract, policy, champion, or a statement's kind.")
    uri: Uri = Field(description="Where it was read, as the user wrote it.")
    digest: dict[str, str] = Field(description="By algorithm; usually sha256.")
    kind: str = Field("sha256", description="How strong the digest is: sha256, etag+size, delta-version, ….")


class Provenance(Document):
    """Who made the statement, where and when."""

    tool: str = Field(description="Version of mlops-actions.")
    repository: str | None = None
    commit: str | None = None
    run_url: str | None = None
    actor: str | None = None
    started: datetime
    finished: datetime


class Predicate(Document):
    """What every statement holds."""

    KIND: ClassVar[str]
    """The statement's name in file names, `require` and predicate types."""

    result: Result
    reasons: list[Reason] = []
    materials: list[Material] = []
    provenance: Provenance | None = Field(None, description="Filled by the runner when the statement is stored.")

    @property
    def goes_on(self) -> bool:
        """Whether this is no end yet, so that being inconclusive fails no step."""
        return False

    @property
    def made(self) -> float:
        """When it was finished, in seconds since 1970; 0 where it does not say."""
        return self.provenance.finished.timestamp() if self.provenance else 0.0


P = TypeVar("P", bound=Predicate)
P_co = TypeVar("P_co", bound=Predicate, covariant=True)


@dataclass(frozen=True)
class Statement(Generic[P_co]):
    """A predicate about one subject."""

    name: str
    """The subject's name: a path or a registered name."""
    sha256: Sha256
    """The subject's digest, in hex."""
    predicate: P_co

    @property
    def kind(self) -> str:
        """The statement's name, such as `evaluation`."""
        return self.predicate.KIND

    def to_json(self) -> bytes:
        """The in-toto Statement as UTF-8 JSON."""
        document = {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": self.name, "digest": {"sha256": self.sha256}}],
            "predicateType": predicate_type(self.kind),
            "predicate": self.predicate.model_dump(mode="json"),
        }
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def predicate_type(kind: str) -> str:
    """The predicate's type URI.

    >>> predicate_type("verdict")
    'https://mlops-actions.github.io/statement/verdict/v1'
    """
    return f"{PREDICATE_TYPES}/{kind}/v1"


_KINDS = {
    "training": ("training", "Training"),
    "data-report": ("data_report", "DataReport"),
    "evaluation": ("evaluation", "Evaluation"),
    "verdict": ("verdict", "Verdict"),
    "promotion": ("promotion", "Promotion"),
    "rollout": ("rollout", "Rollout"),
}
"""Kind → module and class: a run imports only the kinds that it reads."""

KINDS = tuple(_KINDS)


def predicate_class(kind: str) -> type[Predicate]:
    """The model of a statement's predicate; KeyError for an unknown kind."""
    module, name = _KINDS[kind]
    found: type[Predicate] = getattr(import_module(f"mlops_actions.evidence.{module}"), name)
    return found


def parse_statement(content: bytes, where: str) -> Statement[Predicate]:
    """Read a statement of any kind; InputError names the place and what is wrong."""
    try:
        document = json.loads(content)
        kind, version = _kind_of(document, where)
        if version != "v1":
            raise InputError(
                f"the {kind} statement is of version {version!r}; this release reads v1.",
                where=where,
                hint="Use a release of mlops-actions that knows it.",
            )
        (subject,) = document["subject"]
        predicate = predicate_class(kind).model_validate(document["predicate"])
        return Statement(name=str(subject["name"]), sha256=str(subject["digest"]["sha256"]), predicate=predicate)
    except RecursionError:
        raise InputError("the statement is nested too deeply.", where=where) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"the statement is not JSON ({error}); it may be truncated.", where=where) from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"the statement's predicate.{field} is wrong: {first['msg']}.", where=where) from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"not a statement about one subject: {error!r}.", where=where) from None


def _kind_of(document: Any, where: str) -> tuple[str, str]:
    if not isinstance(document, dict):
        raise InputError("not a statement: the JSON is no object.", where=where)
    if document.get("_type") != STATEMENT_TYPE:
        raise InputError(
            f"not an in-toto Statement: _type is {document.get('_type')!r}, not {STATEMENT_TYPE!r}.", where=where
        )
    kind, _, version = str(document.get("predicateType")).removeprefix(f"{PREDICATE_TYPES}/").partition("/")
    if kind not in _KINDS:
        raise InputError(f"unknown predicateType {document.get('predicateType')!r}.", where=where)
    return kind, version
