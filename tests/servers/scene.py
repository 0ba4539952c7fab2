"""The real program on a terminal over a recorded scene: `python -m tests.servers.scene NAME [--low] [--run=N] [--lang=fr]`."""

from __future__ import annotations

import sys
from dataclasses import replace

from medflow_tui.wiring.scenes import scene_session
from medflow_tui.wiring.screen import run_app


def main() -> int:
    name, *words = sys.argv[1:]
    run = next((int(each.partition("=")[2]) for each in words if each.startswith("--run=")), None)
    with scene_session(name, language_of(words), run) as session:
        site = replace(session.site, low_data="--low" in words)
        return run_app(replace(session, site=site), stock_terminal="--stock" in words)


def language_of(words: list[str]) -> str:
    """Of `--lang=fr`; English without it."""
    return next((each.partition("=")[2] for each in words if each.startswith("--lang=")), "en")


if __name__ == "__main__":
    sys.exit(main())
