"""`python -m medflow_tui`."""

from __future__ import annotations

import gc
import sys

from medflow_tui.ui.terminal.herald import hail, withdraw


def main() -> int:
    """Run the command line; returns the exit code.

    What is imported stays; who goes on for long has the collector of garbage look again (`MedflowApp.begin`).
    """
    gc.disable()
    hail(sys.argv[1:])
    from medflow_tui.cli import run
    from medflow_tui.cli.speech import end_speech, leave

    try:
        return leave(run())
    except SystemExit:  # of a usage error, or of help that was asked for
        end_speech()
        raise
    finally:
        withdraw()


if __name__ == "__main__":
    raise SystemExit(main())
