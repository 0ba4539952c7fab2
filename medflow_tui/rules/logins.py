"""Whether two people sit at one log-in, as far as the kernel tells."""

from __future__ import annotations

from medflow_tui.model.access import UNSET_SESSION, Origin


def is_same_login(requester: Origin, other: Origin) -> bool:
    """Whether two sit at one log-in: one session of the kernel's audit, one terminal, one connection, or one in the other.

    Where the kernel's audit counts no log-ins (containers, log-ins without PAM), somebody who becomes another user, leaves
    terminal and session and lets every parent end has none of these in common with what they left: nothing tells.

    >>> is_same_login(Origin(terminal=34816), Origin(terminal=34816, uid=1001))
    True
    """
    session = requester.audit_session
    return (
        (session == other.audit_session and session not in (-1, UNSET_SESSION))
        or (requester.terminal == other.terminal != 0)
        or (requester.ssh == other.ssh != "")
        or not {*requester.session}.isdisjoint((*other.session, *other.ancestors))
        or not {*other.session}.isdisjoint(requester.ancestors)
    )


def is_unseen(requester: Origin, other: Origin) -> bool:
    """Whether too little is known to say that two log-ins differ: the process is gone, hidden, or of another container, or
    the kernel counts the log-in of one of them alone (`systemd-run` begins what nobody logged in for).

    >>> is_unseen(Origin(audit_session=UNSET_SESSION), Origin(uid=1001, ancestors=("70@1",)))
    True
    """
    for each, known in ((requester, requester.session), (other, other.session or other.ancestors)):
        if not known and not each.terminal and each.audit_session in (-1, UNSET_SESSION):
            return True
    sessions = {requester.audit_session, other.audit_session}
    return len(sessions) == 2 and not sessions.isdisjoint((-1, UNSET_SESSION))
