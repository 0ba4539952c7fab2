"""`python -m medflow_tui`."""

from __future__ import annotations


def main() -> int:
    """Run the command line; returns the exit code."""
    from medflow_tui.cli import run
    from medflow_tui.cli.speech import end_speech, leave

    try:
        return leave(run())
    except SystemExit:  # of a usage error, or of help that was asked for
        end_speech()
        raise


if __name__ == "__main__":
    raise SystemExit(main())
