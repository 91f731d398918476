"""`python -m mlops_actions`."""

import gc
import signal

# Ctrl-C ends us quietly while we are being imported; the runner handles signals from then on.
signal.signal(signal.SIGINT, signal.SIG_DFL)
gc.set_threshold(50_000)  # imports make many objects and no garbage; 700 is the default

from mlops_actions.cli import main  # noqa: E402

raise SystemExit(main())
