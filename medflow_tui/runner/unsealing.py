"""What a program printed, as it is, before the eyes of one person: few may, and it is written down before it is shown."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from medflow_tui.journal.audit import Audit
from medflow_tui.journal.auditing import events
from medflow_tui.journal.run_log import find
from medflow_tui.model.audit import Work
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.rules.auditing.record import record_of
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.passivity import why_no_role
from medflow_tui.runner.origin import name_of
from medflow_tui.runner.printed import end_of, sealed_files
from medflow_tui.runner.surroundings import RUNS

VIEW, VIEWED = "sealed", "identifiable.viewed"


def unsealed(site: Site, state: Path, run: str, name: str) -> tuple[str, ...]:
    """The end of what `name` printed in a run, with nothing taken out of it but what a terminal would obey.

    Raises RefusedError (recorded) for somebody in no role for it, and MedflowError when it cannot be recorded by its name
    or read: then nothing is shown.
    """
    folder, audit, work = find(state / RUNS, run).path, Audit.of(site, state), Work(run=run)
    why = why_no_role(site.access, name_of(os.getuid()))
    if why:
        with suppress(MedflowError, OSError):
            events.attempt_denied(audit, "no_role", work, guard=VIEW)
        raise RefusedError(why, "no_role")
    can_be_named = record_of(VIEWED, {"step": name})["step"] == name
    files = [each for each in sealed_files(folder, name) if each.stat().st_size] if can_be_named else []
    if not files:
        raise RefusedError(say("the run {run} has nothing sealed of {name}", run=run, name=name))
    events.identifiable_viewed(audit, VIEW, work=work, step=name)
    try:
        return tuple(clean(each) for each in end_of(files).splitlines())
    except OSError as error:
        raise RefusedError(
            say("{path} cannot be read: {why}", path=str(files[0]), why=error.strerror or "?"), "fault"
        ) from error
