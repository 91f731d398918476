"""`python -m mlops_actions`."""

import signal

# Ctrl-C ends us quietly while we are being imported; the runner handles signals from then on.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from mlops_actions.cli import main  # noqa: E402

raise SystemExit(main())
