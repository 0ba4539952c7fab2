"""Who may confirm an incident at all is seen in full, and whoever is refused again and again fills no audit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medflow_tui.journal.incidents import Incidents
from medflow_tui.model.access import UNSET_SESSION
from medflow_tui.model.errors import RefusedError
from medflow_tui.rules.leading import why_not_confirm
from medflow_tui.runner.agreeing import MOST_REFUSALS
from medflow_tui.runner.leading import led
from medflow_tui.runner.origin import unseen
from tests.unit.runner import test_incidents
from tests.unit.runner.stage import Stage
from tests.unit.runner.test_incidents import CLAIRE, SEAT, SITE, audited, desk_of, opened, refusals

stage = test_incidents.stage


def named(stage: Stage) -> None:
    """Open, by somebody at SEAT."""
    Incidents(stage.state).keep(replace(opened(stage), named_from=SEAT))


def test_what_systemd_run_begins_is_no_other_log_in(stage: Stage) -> None:
    """It has no session of the audit, while whoever opened the incident, or acts, has one."""
    named(stage)
    began = replace(CLAIRE, audit_session=UNSET_SESSION)
    assert why_not_confirm(desk_of(stage).the_open(), (began,)) == "unseen"
    confirmed = replace(desk_of(stage).confirm("I LEAD LAB", (CLAIRE,)), confirmed_from=began)
    Incidents(stage.state).keep(confirmed)
    assert led(stage.playbook, SITE, stage.state, stage.time, seat=SEAT) is None
    Incidents(stage.state).keep(replace(confirmed, confirmed_from=CLAIRE))
    assert led(stage.playbook, SITE, stage.state, stage.time, seat=SEAT) is not None


def test_a_commander_who_named_themselves_is_seen_or_refused(stage: Stage) -> None:
    """Who is behind `sudo` is told by a process that still stands there."""
    incident = replace(opened(stage), named_from=CLAIRE)
    assert why_not_confirm(incident, (CLAIRE,)) == ""
    assert why_not_confirm(incident, (unseen(CLAIRE),)) == "unseen"


def test_whoever_knocks_again_and_again_is_written_down_once_for_each_reason(stage: Stage) -> None:
    named(stage)
    desk = desk_of(stage)
    for typed in ("x",) * 20:
        with pytest.raises(RefusedError):
            desk.confirm(typed, (CLAIRE,))
        with pytest.raises(RefusedError):
            desk.confirm(typed, (replace(CLAIRE, user="doudou", uid=54322),))
    assert refusals(stage) == ["confirm_wrong", "no_role"]
    assert [each["actor"]["name"] for each in audited(stage, "approve.refused")] == ["claire", "doudou"]  # type: ignore[index]
    for uid in range(60_000, 60_000 + MOST_REFUSALS):
        with pytest.raises(RefusedError):
            desk.confirm("x", (replace(CLAIRE, user="stranger", uid=uid),))
    assert len(refusals(stage)) == MOST_REFUSALS
    desk.hand_over("doudou", test_incidents.login(stage))
    with pytest.raises(RefusedError):
        desk.confirm("x", (CLAIRE,))
    assert len(refusals(stage)) == MOST_REFUSALS + 1
