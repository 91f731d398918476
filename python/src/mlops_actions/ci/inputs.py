"""Inputs: declared once per action, collected from five sources that are never merged deeper than one key.

First wins: command-line flags, `INPUT_*` (empty means not given), the action's section of mlops.yml, its common
keys, defaults. Each value keeps its source, so that every message about an input names it.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from mlops_actions.errors import InputError, nearest
from mlops_actions.yaml_source import YamlSource

FailOn = Literal["inconclusive", "fail", "never"]


def split_words(value: object) -> object:
    """A list written as one string, separated by commas or new lines.

    >>> split_words("carrier, origin")
    ['carrier', 'origin']
    """
    if isinstance(value, str):
        return [word.strip() for word in re.split(r"[,\n]", value) if word.strip()]
    return [value] if isinstance(value, int | float) else value


def split_expressions(value: object) -> object:
    """The same, of expressions: commas in brackets and in quotes belong to them.

    >>> split_expressions('carrier, distance[0, 500], "a, b"')
    ['carrier', 'distance[0, 500]', '"a, b"']
    """
    if not isinstance(value, str):
        return split_words(value)
    words = re.findall(r"""(?:"[^"\n]*"|'[^'\n]*'|\[[^\]\n]*\]|[^,\n])+""", value)
    return [word.strip() for word in words if word.strip()]


def to_seconds(value: object) -> object:
    """A duration such as `90s`, `5m`, `1.5h`, `2d` or a bare number, in seconds.

    >>> to_seconds("5m")
    300.0
    """
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", value)):
        return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
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


Words = Annotated[list[str], BeforeValidator(split_words)]
Expressions = Annotated[list[str], BeforeValidator(split_expressions)]
Numbers = Annotated[list[float], BeforeValidator(split_words)]
Bytes = Annotated[int, BeforeValidator(to_bytes), Field(gt=0)]
Seconds = Annotated[float, BeforeValidator(to_seconds), Field(gt=0, allow_inf_nan=False)]


def existing_path(value: str) -> str:
    """The path of a file or folder, or a glob, that is there; another scheme than `file:` is left to its reader."""
    path = value.removeprefix("file:")
    try:
        if "://" in value or Path(path).exists() or glob(path, recursive=True):  # noqa: PTH207  may be absolute
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
        description="Where the log beside a hosted registry (`mlflow+https://…`) lives, such as `s3://bucket/log`.",
    )
    registry: str = Field(
        "file:mlops-registry",
        validate_default=True,
        description="Where models live, such as `file:registry`, `s3://bucket/folder` or `mlflow+https://host`.",
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

    @field_validator("registry")
    @classmethod
    def _with_its_log(cls, registry: str, info: ValidationInfo) -> str:
        """A registry's location is one string from here on: `mlflow+https://host#log=s3://bucket/log`."""
        log = info.data.get("log")
        if not log or registry.endswith(f"#log={log}"):
            return registry
        if not registry.startswith("mlflow+"):
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


@dataclass(frozen=True)
class Given:
    """A value and where it came from."""

    value: object
    source: str
    own: bool = False
    """Whether it stands in the action's own section, where every key must be one of its inputs."""


GivenInputs = ChainMap[str, Given]

TOP_LEVEL_KEYS = ("name", "registry", "log", "evidence", "model", "fail-on", "report-path", "junit-path")
"""Keys that stand at the top of mlops.yml for all actions."""


BEFORE_THE_FILE = ("config", "working-directory")
"""Inputs that are needed to find mlops.yml, so they cannot stand in it."""


def collect(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    config: YamlSource | None = None,
    action: str = "",
    occurrence: int = 0,
) -> GivenInputs:
    """Lay the sources over each other, first wins. `occurrence` picks the part of a section that is a list."""
    layers: list[dict[str, Given]] = [
        {key: Given(value, f"--{key}") for key, value in flags.items() if value is not None},
        _from_environ(environ),
    ]
    if config is not None:
        layers += [_section(config, action, occurrence), _top_level(config)]
    return ChainMap(*layers)


I = TypeVar("I", bound=BaseModel)  # noqa: E741  the inputs' model


def read_inputs(model: type[I], given: GivenInputs, action: str) -> I:
    """Build the action's inputs, or raise one InputError that names the input, its source and what to write."""
    known = {field.alias or name: name for name, field in model.model_fields.items()}
    for key, one in given.items():
        if one.own and key not in known:
            raise InputError(f"{action} has no input {key!r}.", where=one.source, hint=nearest(key, known))
    values = {key: _text(key, given[key]) for key in given if key in known}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _explain(error, given, action) from None


def _text(key: str, given: Given) -> object:
    """The value; InputError for text that no file and no path can hold."""
    value = given.value
    if isinstance(value, str) and re.search("[\0\ud800-\udfff]", value):
        raise InputError(
            f"the input {key!r} is {_shown(value)}, which is not UTF-8 text or holds a zero byte.", where=given.source
        )
    return value


def _explain(error: ValidationError, given: GivenInputs, action: str) -> InputError:
    first: Mapping[str, Any] = error.errors()[0]
    key = hyphenated(str(first["loc"][0])) if first["loc"] else ""
    if first["type"] == "missing":
        return InputError(
            f"{action} needs the input {key!r}.",
            hint=f"Give --{key}, INPUT_{key.upper().replace('-', '_')}, or {key!r} below {action!r} in mlops.yml.",
        )
    source = given[key].source if key in given else None
    found = f"the input {key!r} is {_shown(first['input'])}" if key else action
    return InputError(f"{found}: {_message(first)}", where=source)


def _message(error: Mapping[str, Any]) -> str:
    if error["type"] == "string_pattern_mismatch":
        # All patterns of inputs are those of names.
        return "write up to 100 letters, digits, '.', '_' and '-', the first a letter or digit."
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    if str(error["msg"]).startswith("Input should be "):
        message = f"it should be {message}"
    return message if message.endswith((".", "?")) else f"{message}."


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _from_environ(environ: Mapping[str, str]) -> dict[str, Given]:
    """Docker actions keep hyphens in the names (INPUT_FAIL-ON); composites map INPUT_FAIL_ON."""
    found: dict[str, Given] = {}
    for name, value in environ.items():
        if not name.startswith("INPUT_") or value == "":
            continue
        given = Given(value, name)
        before = found.setdefault(name.removeprefix("INPUT_").lower().replace("_", "-"), given)
        if before.value != value:
            raise InputError(f"{before.source} is {_shown(before.value)}, {name} is {_shown(value)}.", hint="Set one.")
    return found


def _section(config: YamlSource, action: str, occurrence: int) -> dict[str, Given]:
    section = config.data.get(action)
    keys: tuple[str | int, ...] = (action,)
    if isinstance(section, list):
        if occurrence >= len(section):
            raise InputError(
                f"{action!r} runs {occurrence + 1} times in stages, but its section has {len(section)} entries.",
                where=config.where(action),
            )
        section, keys = section[occurrence], (action, occurrence)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise InputError(f"{action!r} must hold inputs as `key: value`, found {section!r}.", where=config.where(*keys))
    for key in BEFORE_THE_FILE:
        if key in section:
            raise InputError(
                f"the input {key!r} cannot stand in {config.name}, which it is needed to find.",
                where=config.where(*keys, key),
                hint=f"Give --{key} or INPUT_{key.upper().replace('-', '_')}.",
            )
    return {
        str(key): Given(value, config.where(*keys, key), own=True)
        for key, value in section.items()
        if value is not None
    }


def _top_level(config: YamlSource) -> dict[str, Given]:
    return {
        key: Given(config.data[key], config.where(key)) for key in TOP_LEVEL_KEYS if config.data.get(key) is not None
    }
