"""The real program on a terminal over a recorded scene with a history: `python -m tests.servers.pages [--lang=fr]` (runs, audit)."""

from __future__ import annotations

import sys
from dataclasses import replace

from medflow_tui.journal.audit import Audit
from medflow_tui.journal.auditing import events
from medflow_tui.model.audit import Work
from medflow_tui.runner.replay import ReplayedDispatch
from medflow_tui.wiring.scenes import scene_session
from medflow_tui.wiring.screen import run_app
from tests.servers.scene import language_of

SCENE, OVER, MANY = "worker-not-started", 1, 40


def main() -> int:
    with scene_session(SCENE, language_of(sys.argv[1:]), OVER) as session:
        assert session.dispatch_of is not None
        dispatch = session.dispatch_of()
        assert isinstance(dispatch, ReplayedDispatch)
        (state,) = dispatch.states
        states = tuple(replace(state, run=f"{state.run[:-4]}{number:04}") for number in range(MANY))
        audit = Audit.of(session.site, session.state)
        for each in states:
            work = Work(run=each.run, playbook="device-sync-failure@1.0.0", risk="R3")
            events.run_event(audit, "run.done", work, outcome="pass")
        return run_app(
            replace(session, dispatch_of=lambda: replace(dispatch, states=states)), stock_terminal=False
        )


if __name__ == "__main__":
    sys.exit(main())
