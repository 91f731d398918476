"""What inputs are declared with: what all actions take, and the kinds of values that strings are read as."""

from __future__ import annotations

import re
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from mlops_actions.errors import nearest

FailOn = Literal["inconclusive", "fail", "never"]


def split_words(value: object) -> object:
    """A list written as one string, separated by commas or new lines.

    >>> split_words("carrier, origin")
    ['carrier', 'origin']
    """
    if isinstance(value, str):
        return [word.strip() for word in re.split(r"[,\n]", value) if word.strip()]
    return [value] if isinstance(value, int | float) else value


def split_pairs(value: object) -> object:
    """A mapping written as `name=value`, one a line.

    >>> split_pairs("orders=data/orders.csv")
    {'orders': 'data/orders.csv'}
    """
    if not isinstance(value, str):
        return value
    pairs = [line.partition("=") for line in value.splitlines() if line.strip()]
    if not all(sign for _, sign, _ in pairs):
        raise ValueError("write name=value, one a line")
    return {name.strip(): rest.strip() for name, _, rest in pairs}


def split_expressions(value: object) -> object:
    """The same, of expressions: commas in brackets, parentheses and quotes belong to them.

    >>> split_expressions('carrier, distance[0, 500], "a, b", profit(a, b)')
    ['carrier', 'distance[0, 500]', '"a, b"', 'profit(a, b)']
    """
    if not isinstance(value, str):
        return split_words(value)
    words = re.findall(r"""(?:"[^"\n]*"|'[^'\n]*'|\[[^\]\n]*\]|\([^()\n]*\)|[^,\n])+""", value)
    return [word.strip() for word in words if word.strip()]


def to_seconds(value: object) -> object:
    """A duration such as `250ms`, `90s`, `5m`, `1.5h`, `2d` or a bare number, in seconds.

    >>> to_seconds("5m"), to_seconds("250ms")
    (300.0, 0.25)
    """
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|[smhd]?)\s*", value)):
        return float(match[1]) * {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
    if isinstance(value, str):
        raise ValueError("write a duration such as 90s, 5m or 1h")
    return value


def to_bytes(value: object) -> object:
    """A size such as `500MB`, `4GB` or a bare number, in bytes; a kilobyte has 1000 of them, a kibibyte (`KiB`) 1024.

    >>> to_bytes("1.5GB")
    1500000000
    """
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:([KMGT])(i?)B|B)?\s*", value)):
        power = " KMGT".index(match[2] or " ")
        return int(float(match[1]) * (1024 if match[3] else 1000) ** power)
    if isinstance(value, str):
        raise ValueError("write a size such as 500MB, 4GB or 2GiB")
    return value


DURATION = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(ms|[smhd])?\s*$"}]}
"""What `to_seconds` takes, as JSON Schema."""
Words = Annotated[list[str], BeforeValidator(split_words)]
Expressions = Annotated[list[str], BeforeValidator(split_expressions)]
Pairs = Annotated[dict[str, str], BeforeValidator(split_pairs)]
Numbers = Annotated[list[float], BeforeValidator(split_words)]
Bytes = Annotated[int, BeforeValidator(to_bytes), Field(gt=0)]
Seconds = Annotated[float, BeforeValidator(to_seconds), Field(gt=0, allow_inf_nan=False)]


def existing_path(value: str) -> str:
    """The path of a file or folder, or a glob, that is there; another scheme than `file:` is left to its reader."""
    path = value.removeprefix("file:")
    try:
        elsewhere = value == "-" or re.match(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+:", value)
        if elsewhere or Path(path).exists() or glob(path, recursive=True):  # noqa: PTH207  may be absolute
            return value
    except OSError as error:
        raise ValueError(f"{error.strerror}.") from None
    folder = Path(path).parent
    there = [str(file) for file in folder.iterdir()] if folder.is_dir() else []
    raise ValueError(f"there is no such file. {nearest(path, there) if there else ''}".rstrip())


@dataclass(frozen=True)
class Names:
    """Beside a field: what its value names has to be there before anything starts."""

    what: Literal["files", "model"]
    """A path or a glob; or a model, which may also be a reference into the registry."""


HOSTED = ("mlflow+", "azureml:", "hf:", "sagemaker:", "wandb:")
"""How the locations of registries begin that keep no history of their own."""

FILES, MODEL = Names("files"), Names("model")


def local_folder(value: str) -> str:
    """A folder of this machine."""
    if "://" in value:
        raise ValueError("write a folder; to hand it to another job, keep it as an artifact.")
    return value


def hyphenated(field: str) -> str:
    return field.replace("_", "-")


class CommonInputs(BaseModel):
    """What every action takes."""

    model_config = ConfigDict(
        frozen=True, alias_generator=hyphenated, populate_by_name=True, extra="forbid", coerce_numbers_to_str=True
    )

    config: str = Field(
        "mlops.yml", description="The file with this model's settings; only the default one may be missing."
    )
    working_directory: str = Field(".", description="Folder that all paths are relative to.")
    evidence: Annotated[str, AfterValidator(local_folder)] = Field(
        "mlops-evidence", description="Folder that the statements are kept in."
    )
    log: str | None = Field(
        None,
        description="Where the log beside a hosted registry (MLflow, SageMaker, Hugging Face, W&B) lives, such as "
        "`s3://bucket/log`; that of `azureml:…` lies in its workspace by itself.",
    )
    registry: str = Field(
        "file:mlops-registry",
        validate_default=True,
        description="Where models live, such as `file:registry`, `s3://bucket/folder`, `mlflow+https://host`, "
        "`azureml:SUBSCRIPTION/GROUP/WORKSPACE`, `sagemaker:REGION`, `hf:OWNER` or `wandb:ENTITY/PROJECT`.",
    )
    name: str | None = Field(
        None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", description="The model's name in the registry."
    )
    fail_on: FailOn = Field(
        "inconclusive",
        description="Which results fail the step: `inconclusive` (and fail), `fail`, or `never`.",
    )
    report_path: str | None = Field(None, description="Write an HTML report to this path.")
    junit_path: str | None = Field(
        None, description="Write JUnit XML to this path, one case a rule or check; what is inconclusive is a failure."
    )

    track: str | None = Field(
        None,
        description="An experiment tracker to write numbers, result and report to as well: `mlflow+https://host` or "
        "`wandb:ENTITY/PROJECT`; one that fails is a warning and changes no result.",
    )

    @field_validator("registry")
    @classmethod
    def _with_its_log(cls, registry: str, info: ValidationInfo) -> str:
        """A registry's location is one string from here on: `mlflow+https://host#log=s3://bucket/log`."""
        log = info.data.get("log")
        if not log or registry.endswith(f"#log={log}"):
            return registry
        if not registry.startswith(HOSTED):
            raise ValueError(f"only a hosted registry needs the input 'log'; {registry!r} keeps its own")
        if "#log=" in registry:
            raise ValueError("it names its log already; leave the input 'log' out")
        return f"{registry}#log={log}"


class CommonOutputs(BaseModel):
    """What every action gives. Further fields are read from the predicate by name."""

    model_config = ConfigDict(frozen=True, alias_generator=hyphenated, populate_by_name=True)

    result: Literal["pass", "fail", "inconclusive", "error"] = Field(
        "error", description="`pass`, `fail`, `inconclusive` or `error`; test it with `== 'pass'`."
    )
    statement: str | None = Field(None, description="Path of the statement that was written.")
    subject_sha256: str | None = Field(None, description="SHA-256 of what the statement is about.")
    report_path: str | None = Field(None, description="Path of the HTML report, where one was asked for.")
    reasons: str = Field("[]", description="Why, as short JSON: a list of code, message and where.")
