"""Keeps an artifact as a zip in $ARTIFACT_STORE, with the surprises of the real action.

Hidden files are left out, file modes are lost, links become files, a second upload of a name is refused, and the
root of the archive is the least folder that holds all paths.
"""

import glob
import hashlib
import os
import re
import sys
import zipfile
from pathlib import Path


def main() -> int:
    name, hidden = os.environ["NAME"], os.environ["HIDDEN"] == "true"
    archive = Path(os.environ["ARTIFACT_STORE"]) / f"{name}.zip"
    if re.search(r'[\\/":<>|*?\r\n]', name):
        return refuse(f"The artifact name is not valid: {name}")
    root, files = find(os.environ["FILES"].splitlines(), hidden)
    if not files:
        fails = os.environ["IF_NO_FILES_FOUND"] == "error"
        message = "No files were found with the provided path. No artifacts will be uploaded."
        if fails:
            return refuse(message)
        print(f"::warning::{message}")
        return 0
    if archive.exists() and os.environ["OVERWRITE"] != "true":
        return refuse("(409) Conflict: an artifact with this name already exists on the workflow run")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in files:
            zipped.writestr(path.relative_to(root).as_posix(), path.read_bytes())
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as outputs:
        outputs.write(f"artifact-id={int(digest[:7], 16)}\nartifact-digest={digest}\n")
    print(f"Artifact {name}: {len(files)} files")
    return 0


def find(lines: list[str], hidden: bool) -> tuple[Path, list[Path]]:
    """The least folder of all paths, and the files that they name; a line that begins with ! takes away."""
    wanted: set[Path] = set()
    unwanted: set[Path] = set()
    roots: list[Path] = []
    for line in filter(None, map(str.strip, lines)):
        pattern = os.path.normpath(Path.cwd() / line.removeprefix("!"))
        matches = [Path(match) for match in glob.glob(pattern, recursive=True, include_hidden=True)]  # noqa: PTH207 (absolute)
        found = {file for match in matches for file in (match.rglob("*") if match.is_dir() else [match])}
        (unwanted if line.startswith("!") else wanted).update(file for file in found if file.is_file())
        if not line.startswith("!"):
            fixed = Path(re.split(r"[*?\[]", pattern)[0] if glob.has_magic(pattern) else pattern)
            roots.append(fixed if fixed.is_dir() else fixed.parent)
    root = Path(os.path.commonpath(roots)) if roots else Path.cwd()
    visible = [file for file in wanted - unwanted if hidden or not is_hidden(file.relative_to(root))]
    return root, sorted(visible)


def is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def refuse(message: str) -> int:
    print(f"::error::{message}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
