"""Promote one model per line of the standard input, and answer each with one line. Run by tests/support/racing.py.

A line is `folder registry name model alias evidence`; the answer is JSON. The process lives over all rounds,
so that rounds start together.
"""

from __future__ import annotations

import json
import os
import sys

from mlops_actions.promote_champion.action import Inputs, run


def main() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        folder, registry, name, model, alias, evidence = line.split()
        os.chdir(folder)
        given = {"name": name, "model": model, "alias": alias, "registry": registry, "evidence": evidence}
        promotion = run(Inputs.model_validate(given)).predicate
        sys.stdout.write(json.dumps(promotion.model_dump(mode="json")) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
