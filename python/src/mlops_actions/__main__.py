"""`python -m mlops_actions`."""

from mlops_actions.cli import main

raise SystemExit(main())
