"""A viewer without a screen, as a process: `python -m tests.servers.viewer SITE STATE` prints each snapshot as a line.

What comes on standard input as a line is a target to read now (an empty line: all of them).
"""

from __future__ import annotations

import json
import sys

from medflow_tui.model.health import EPOCH, Snapshot
from medflow_tui.ui.session import Session
from medflow_tui.wiring import Options, living_session


def said(snapshot: Snapshot, session: Session) -> dict[str, object]:
    """What a test wants to know of it."""
    tell = session.language.say
    return {
        "source": tell(snapshot.source),
        "notices": [tell(each, session.now()) for each in snapshot.notices],
        "unread": [each.target for each in snapshot.verdicts if each.observed_at == EPOCH],
        "health": {each.target: each.health.value for each in snapshot.verdicts},
        "read": {each.target: each.observed_at.isoformat() for each in snapshot.verdicts},
        "who": {
            each.target: each.acknowledged.who for each in snapshot.verdicts if each.acknowledged is not None
        },
    }


def main() -> None:
    site, state = sys.argv[1:]
    with living_session(Options(site=site, state=state, language="en")) as session:

        def publish(snapshot: Snapshot) -> None:
            sys.stdout.write(json.dumps(said(snapshot, session)) + "\n")
            sys.stdout.flush()

        looking = session.looking_for(publish)
        now = session.now()
        looking.set_people(session.desk.acknowledged(now), session.desk.maintenance(now))
        publish(looking.snapshot)
        looking.start()
        for line in sys.stdin:
            looking.read_now(line.strip() or None)


if __name__ == "__main__":
    main()
