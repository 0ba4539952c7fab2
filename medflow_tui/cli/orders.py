"""`playbook passive` and `playbook overrides`: the global stop, and overrides that somebody must look at."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from medflow_tui.cli.asking import login_of
from medflow_tui.cli.exits import BROKEN
from medflow_tui.cli.person import Person, need_terminal, undisturbed
from medflow_tui.cli.speech import DONE, FAILED, complain, tell
from medflow_tui.clients.tools import utc_now
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.words import say
from medflow_tui.rules.reasons import too_short, written
from medflow_tui.wiring import Options, open_language, open_settings, open_state, tools_for, who_am_i
from medflow_tui.wiring.acting import why_no_dispatch

if TYPE_CHECKING:
    from medflow_tui.locale.language import Language
    from medflow_tui.runner.passivity import GlobalStop
    from medflow_tui.runner.permission import Permission


def passive(options: argparse.Namespace, common: Options) -> int:
    """Without on or off: whether it is set (1). On: nothing of class R2 and above is started until off.

    Anybody sets it at once; 2 when that could not be recorded. Off is asked of a person: 1 when they left, 3 when it is
    not for them.
    """
    from medflow_tui.journal.orders import passive_said

    stop, language = _open_stop(common)
    if options.to == "on" and not _set(stop, language, options.reason):
        return BROKEN
    found = stop.found()
    if found is None or options.to != "off":
        tell(language.say(passive_said(found) if found is not None else say("not passive"), utc_now()))
        return DONE if options.to or found is None else FAILED
    if os.name != "posix":
        raise RefusedError(why_no_dispatch())
    stop.refuse_stranger()
    need_terminal()
    person = Person(speak=language.say)
    person.tell(passive_said(found))
    return person.guarded(lambda: _lift(stop, person, options.reason))


def _set(stop: GlobalStop, language: Language, reason: str) -> bool:
    """False when it stands and could not be recorded, which is said then. Raises MedflowError: it was not set."""
    from medflow_tui.journal.orders import passive_said

    before = stop.found()
    try:
        stop.set(who=who_am_i(), reason=reason)
    except MedflowError as error:
        found = stop.found()
        if found is None or found == before:
            raise
        tell(language.say(passive_said(found), utc_now()))
        complain(language.say(say("it stands, but it is not in the audit").also(error.phrase)))
        return False
    return True


def _lift(stop: GlobalStop, person: Person, reason: str) -> int:
    """A reason, a log-in, and the code of the site, as on the screen; 1 when something else was typed."""
    while too_short(written(reason)):
        reason = person.ask(say("Why may it go on again? (10 characters at least; it is written down)"))
    login = login_of(person)
    typed = person.confirm(
        say("Type  {phrase}  to let playbooks act here again; anything else leaves:", phrase=stop.site.code)
    )
    try:
        with undisturbed():
            stop.lift(who=who_am_i(), reason=reason, typed=typed, login=login)
    except RefusedError as error:
        if error.cause != "confirm_wrong":
            raise
        person.tell(error.phrase)
        return FAILED
    person.tell(say("passive mode is over: playbooks may act here again"))
    return DONE


def overrides(options: argparse.Namespace, common: Options) -> int:
    """Those that nobody has looked at yet; with a run and a note, one of them is closed. 1 when one is left."""
    permission, language = _open(common)
    if options.run:
        uid = os.getuid() if os.name == "posix" else -1
        permission.close_review(options.run, who=who_am_i(), note=options.note, uid=uid)
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


def _open_stop(common: Options) -> tuple[GlobalStop, Language]:
    from medflow_tui.runner.passivity import GlobalStop
    from medflow_tui.wiring.proving import prover

    site, state = open_settings(common).site, open_state(common)
    stop = GlobalStop(site=site, state=state, now=utc_now, prove=prover(site, tools_for(site, state)))
    return stop, open_language(common, site)


def _open(common: Options) -> tuple[Permission, Language]:
    from medflow_tui.runner.permission import Permission

    site = open_settings(common).site
    permission = Permission(site=site, state=open_state(common), now=utc_now)
    return permission, open_language(common, site)
