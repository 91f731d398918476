"""Promote a model and be killed, or run out of disk, at one write. Run by test_interruptions.py.

interrupted_promotion.py MODEL count 0            write the number of writes to the standard output
interrupted_promotion.py MODEL before|during|after N   SIGKILL around the N-th write to the registry
interrupted_promotion.py MODEL full BYTES         no file may grow over so many bytes
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterator
from typing import Any

import obstore

from mlops_actions.errors import OutsideError
from mlops_actions.promote_champion.action import Inputs, run

put = obstore.put
writes = 0


def main(model: str, mode: str, number: int) -> None:
    def interrupted(store: Any, key: str, content: Any, **options: Any) -> Any:
        global writes
        writes += 1
        if writes != number:
            return put(store, key, content, **options)
        if mode == "before":
            die()
        if mode == "during" and not isinstance(content, bytes):
            content = half(content)
        result = put(store, key, content, **options)
        die()
        return result

    if mode == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (number, number))
    else:
        obstore.put = interrupted  # type: ignore[assignment]
    try:
        run(
            Inputs.model_validate(
                {"name": "delay", "model": model, "registry": "file:registry", "evidence": "evidence"}
            )
        )
    except OutsideError as error:
        sys.stdout.write(str(error))
        sys.exit(error.exit_code)
    sys.stdout.write(str(writes))


def half(parts: Iterator[bytes]) -> Iterator[bytes]:
    for part in parts:
        yield part[: len(part) // 2]
        die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
