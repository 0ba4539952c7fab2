"""`python -m medflow_tui`."""

from __future__ import annotations


def main() -> int:
    """Run the command line; returns the exit code."""
    from medflow_tui.cli import run
    from medflow_tui.cli.speech import leave

    return leave(run())


if __name__ == "__main__":
    raise SystemExit(main())
