"""Data from a web server and from standard input."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.tables import open_table
from mlops_actions.tables.streams import save_input

CSV = b"a,b\n1,x\n2,y\n"


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        status = {"/secret.csv": 403, "/none.csv": 404, "/broken.csv": 500}.get(path, 200)
        content = gzip.compress(CSV) if path.endswith(".gz") else CSV
        self.send_response(status)
        if path.endswith(".gz"):
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content) + (99 if path == "/short.csv" else 0)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that http.server calls
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Files) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "export", "a.csv?signature=s3cret"])
def test_a_file_of_a_web_server_is_a_table(name: str, server: str) -> None:
    table = open_table(f"{server}/{name}")
    assert table.columns == {"a": "integer", "b": "string"}
    assert table.arrays(["a"])["a"].values.tolist() == [1, 2]
    material = table.material("data")
    assert material.uri == f"{server}/{name}".partition("?")[0]
    if not name.endswith(".gz"):
        assert material.digest == {"sha256": hashlib.sha256(CSV).hexdigest()}


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("secret.csv?key=1", InputError, "{}/secret.csv: the server refuses access (403)."),
        ("none.csv", InputError, "{}/none.csv: the server has no such file (404)."),
        ("broken.csv", OutsideError, "{}/broken.csv: cannot be read: 500 Server Error"),
        ("short.csv", OutsideError, "{}/short.csv: cannot be read: "),
    ],
)
def test_what_a_web_server_does_not_give_is_said(
    name: str, error: type[InputError | OutsideError], message: str, server: str
) -> None:
    with pytest.raises(error) as caught:
        open_table(f"{server}/{name}")
    assert str(caught.value).startswith(message.format(server))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (CSV, "input.csv"),
        (gzip.compress(CSV, mtime=0), "input.csv.gz"),
        (bz2.compress(b'{"a": 1}\n'), "input.jsonl.bz2"),
        (b' {"a": 1}\n', "input.jsonl"),
        (b'\n[{"a": 1}]', "input.json"),
        (b"PAR1...", "input.parquet"),
        (b"ARROW1..", "input.arrow"),
    ],
)
def test_standard_input_is_read_as_what_it_begins_with(content: bytes, name: str, tmp_path: Path) -> None:
    assert save_input(io.BytesIO(content), tmp_path).name == name


def test_an_empty_standard_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^data: standard input is empty\. Pipe the data into the action\.$"):
        save_input(io.BytesIO(), tmp_path)


def test_standard_input_can_be_opened_again() -> None:
    program = (
        "from mlops_actions.tables import open_table\n"
        "tables = [open_table('-') for _ in range(2)]\n"
        "print([table.row_count() for table in tables], tables[0].material('data').uri)"
    )
    found = subprocess.run([sys.executable, "-c", program], input=CSV, capture_output=True, check=True)
    assert found.stdout.decode().strip() == "[2, 2] -"
