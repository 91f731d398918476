"""Unpacks artifacts from $ARTIFACT_STORE: one by name to the folder, several each to a folder of its name."""

import os
import sys
import zipfile
from pathlib import Path


def main() -> int:
    store, name = Path(os.environ["ARTIFACT_STORE"]), os.environ["NAME"]
    folder = Path(os.environ["GITHUB_WORKSPACE"], os.environ["FOLDER"]).expanduser()
    archives = [store / f"{name}.zip"] if name else sorted(store.glob(f"{os.environ['PATTERN'] or '*'}.zip"))
    for archive in archives:
        if not archive.exists():
            print(f"::error::Unable to download artifact(s): Artifact not found for name: {name}")
            return 1
        target = folder if name or os.environ["MERGE"] == "true" else folder / archive.stem
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(target)
        print(f"Artifact {archive.stem} was unpacked")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as outputs:
        outputs.write(f"download-path={folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
