"""What playbooks fit what is wrong, in few words: for the key bar and for the details of a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medflow_tui.model.health import Verdict
from medflow_tui.model.words import say

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp


def offers_for(app: MedflowApp, verdict: Verdict) -> tuple[str, ...]:
    """One line for each playbook that fits a verdict."""
    dispatch, language = app.session.dispatch, app.session.language
    if dispatch is None:
        return ()
    key, code = app.session.key("playbooks"), language.code
    offers = (
        say(
            "{name}: {what}",
            name=language.say(each.title.phrase(code)),
            what=language.say(each.summary.phrase(code)),
        )
        for each in dispatch.fitting(app.snapshot, verdict.target)
    )
    return tuple(f"{key}  {language.say(each)}" for each in offers)


FEW = 3  # playbooks that are worth counting; which of many is the right one, only their page can say


def offer_label(app: MedflowApp, label: str) -> str:
    """For the key bar: how many fit, when they are few."""
    n = app.fitting()
    return f"{label} {app.session.language.say(say('{n:number} fit', n=n))}" if 0 < n <= FEW else label
