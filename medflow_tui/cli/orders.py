"""`playbook passive` and `playbook overrides`: the global stop, and overrides that somebody must look at."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from medflow_tui.cli.speech import DONE, FAILED, tell
from medflow_tui.clients.tools import utc_now
from medflow_tui.model.words import say
from medflow_tui.wiring import Options, open_language, open_settings, open_state, who_am_i

if TYPE_CHECKING:
    from medflow_tui.locale.language import Language
    from medflow_tui.runner.permission import Permission


def passive(options: argparse.Namespace, common: Options) -> int:
    """Without on or off: whether it is set (1). On: nothing of class R2 and above is started until off."""
    from medflow_tui.journal.orders import passive_said

    permission, language = _open(common)
    if options.to:
        permission.set_passive(on=options.to == "on", who=who_am_i(), reason=options.reason)
    found = permission.orders.passive()
    tell(language.say(passive_said(found) if found is not None else say("not passive"), utc_now()))
    return DONE if options.to or found is None else FAILED


def overrides(options: argparse.Namespace, common: Options) -> int:
    """Those that nobody has looked at yet; with a run and a note, one of them is closed. 1 when one is left."""
    permission, language = _open(common)
    if options.run:
        permission.close_review(options.run, who=who_am_i(), note=options.note)
        tell(language.say(say("looked at and closed: {run}", run=options.run)))
    found = permission.orders.reviews()
    for each in found:
        said = say(
            "{run}  {who} at {at:when}  passed over: {guards}",
            run=each.run,
            who=each.who,
            at=each.at,
            guards=", ".join(each.guards),
        )
        tell(language.say(said, utc_now()))
    if not found:
        tell(language.say(say("no override waits for a review")))
    return FAILED if found else DONE


def _open(common: Options) -> tuple[Permission, Language]:
    from medflow_tui.runner.permission import Permission

    site = open_settings(common).site
    permission = Permission(site=site, state=open_state(common), now=utc_now)
    return permission, open_language(common, site)
