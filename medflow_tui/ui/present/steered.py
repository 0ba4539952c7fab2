"""What people are told when they stop a run, or when it stopped: what stopping now does, and whom to call."""

from __future__ import annotations

from medflow_tui.model.site import Contact, Site
from medflow_tui.model.words import say
from medflow_tui.ui.present.detail import contact_for
from medflow_tui.ui.present.followed import Followed, text_of
from medflow_tui.ui.present.rows import Look


def stopping_text(followed: Followed, look: Look) -> str:
    """What stopping now does to the step in hand: its own text, else what holds for every step."""
    step = followed.playbook.step(followed.state.step) if followed.playbook is not None else None
    own = text_of(step.stop_text, followed, look) if step is not None and step.stop_text else ""
    if own:
        return own
    if step is not None and step.effect.changes:
        return look.language.say(
            say("The step in hand is brought to its end first: half a change helps nobody.")
        )
    return look.language.say(say("The step in hand only reads: it is broken off."))


def contact_of(followed: Followed, site: Site) -> Contact | None:
    """The role that the run names, else the playbook's owner, else the person for what it mends, else the assistance.

    Only who can be reached counts: a role that stands in the profile without a name and a number is nobody.
    """
    playbook = followed.playbook
    fits = playbook.fits if playbook is not None else ()
    target = next((each for each in site.targets if each.kind in fits and each.contact), None)
    owner = playbook.owner if playbook is not None else ""
    found = (
        site.contacts.get(followed.state.call),
        site.contacts.get(owner),
        contact_for(site, target),
        site.contacts.get("assistance"),
    )
    return next((each for each in found if each is not None and (each.name or each.phone)), None)
