"""A model's format is its suffix's, unless the content says otherwise."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib
from pathlib import Path

import pytest

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.scoring.model_format import format_of

PICKLE = pickle.dumps({"a": 1})
ONNX = b"\x08\x0a\x12\x08skl2onnx\x1a\x061.20.0"


def skops() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("schema.json", "{}")
    return archive.getvalue()


def module(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return format_of(folder / name, "model").module


def refusal(folder: Path, name: str, content: bytes) -> str:
    with pytest.raises(InputError) as caught:
        module(folder, name, content)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("m.joblib", PICKLE, "pickled"),
        ("m.PKL", PICKLE, "pickled"),
        ("m.cloudpickle", PICKLE, "pickled"),
        ("old.pkl", pickle.dumps({"a": 1}, protocol=0), "pickled"),
        ("m.skops", skops(), "skops_archive"),
        ("m.onnx", ONNX, "onnx_graph"),
    ],
)
def test_a_known_suffix_says_the_format(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    assert module(tmp_path, name, content) == expected


@pytest.mark.parametrize("compress", [zlib.compress, gzip.compress, bz2.compress, lzma.compress])
def test_what_joblib_compressed_is_a_pickle(tmp_path: Path, compress: type) -> None:
    assert module(tmp_path, "model", compress(PICKLE)) == "pickled"


@pytest.mark.parametrize(
    ("content", "expected"), [(PICKLE, "pickled"), (skops(), "skops_archive"), (ONNX, "onnx_graph")]
)
def test_without_a_known_suffix_the_content_says_it(tmp_path: Path, content: bytes, expected: str) -> None:
    assert module(tmp_path, "model.bin", content) == expected
    assert module(tmp_path, "model", content) == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "m.onnx",
            PICKLE,
            "model: the model 'm.onnx' is named as an ONNX file, and holds a pickle. Name it 'm.joblib'.",
        ),
        (
            "m.skops",
            PICKLE,
            "model: the model 'm.skops' is named as a skops file, and holds a pickle. Name it 'm.joblib'.",
        ),
        ("m.pkl", ONNX, "model: the model 'm.pkl' is named as a pickle, and holds an ONNX file. Name it 'm.onnx'."),
        ("m.pkl", skops(), "model: the model 'm.pkl' is named as a pickle, and holds a skops file. Name it 'm.skops'."),
    ],
)
def test_a_wrong_suffix_is_told(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    assert refusal(tmp_path, name, content) == message


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("m.h5", b"\x89HDF\r\n\x1a\n", "a Keras or HDF5 file, which cannot be scored"),
        ("m.json", b'{"learner":{}}', "a model of XGBoost's own format, which cannot be scored"),
        ("m.txt", b"tree\nversion=v4\n", "a model of LightGBM's own format, which cannot be scored"),
    ],
)
def test_a_format_that_cannot_be_scored_is_named(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    assert refusal(tmp_path, name, content) == (
        f"model: the model {name!r} is {what}. Export it to ONNX. "
        "Known: .joblib, .pkl, .pickle, .cloudpickle, .skops, .onnx."
    )


@pytest.mark.parametrize("content", [b"", b"weights", b"PK\x03\x04 cut off", b"\x08\x0a"])
def test_what_nobody_knows_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(tmp_path, "m.bin", content) == (
        "model: the model 'm.bin' is of no known format. "
        "Known: .joblib, .pkl, .pickle, .cloudpickle, .skops, .onnx, or a folder of MLflow."
    )
