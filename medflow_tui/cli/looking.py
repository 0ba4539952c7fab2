"""`check` and `status`: one round over every target, as text."""

from __future__ import annotations

import argparse
import json

from medflow_tui.cli.speech import DONE, tell
from medflow_tui.model.health import EMPTY
from medflow_tui.wiring import Options, look_once, open_language, open_settings, open_state


def check(options: argparse.Namespace, common: Options) -> int:
    """One line a target, or JSON; the exit code is that of a monitoring plugin."""
    from medflow_tui.rules.alerts import exit_code
    from medflow_tui.ui.present.report import as_table, check_lines

    site = open_settings(common).site
    snapshot = look_once(site, open_state(common))
    language = open_language(common, site)
    if options.json:
        tell(json.dumps(as_table(site, snapshot, language), ensure_ascii=False, indent=1))
    else:
        tell(*check_lines(site, snapshot, language))
    return exit_code(tuple(each.health for each in snapshot.verdicts))


def status(options: argparse.Namespace, common: Options) -> int:
    """Sentences, for a dumb terminal or a screen reader; from the collector, if there is one."""
    from medflow_tui.ui.present.report import status_lines
    from medflow_tui.wiring.collecting import seen_by_collector

    site, state = open_settings(common).site, open_state(common)
    snapshot = EMPTY if getattr(options, "fresh", False) else seen_by_collector(site, state)
    if snapshot is EMPTY:
        snapshot = look_once(site, state)
    tell(*status_lines(site, snapshot, open_language(common, site)))
    return DONE
