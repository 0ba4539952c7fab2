"""`collect`: the monitor as a service, for all dashboards on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from medflow_tui.cli.speech import DONE, tell
from medflow_tui.model.words import say
from medflow_tui.wiring import Options, open_language, open_settings


def collect(options: argparse.Namespace, common: Options) -> int:
    """Collect until it is ended by a signal; or print the unit of systemd that does so."""
    from medflow_tui.wiring.collecting import run_collector, unit

    if options.print_unit:
        sys.stdout.write(unit(common))
        return DONE
    language = open_language(common, open_settings(common).site)

    def started(state: Path) -> None:
        tell(language.say(say("collecting into {folder}; dashboards on it attach now", folder=str(state))))
        sys.stdout.flush()

    run_collector(common, started)
    return DONE
