"""An open incident on the screens: on the second line, at the playbooks, on the plan that relies on it; 80 × 24, two languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from medflow_tui.journal.incidents import Incidents
from medflow_tui.journal.orders import Orders
from medflow_tui.locale.language import Language
from medflow_tui.model.access import Access, Person
from medflow_tui.model.audit import BARE
from medflow_tui.model.health import EMPTY, Health, Verdict
from medflow_tui.model.incident import BY_VOICE, Incident, Severity
from medflow_tui.model.words import say
from medflow_tui.runner import detached, surroundings
from medflow_tui.ui.present.header import second_line
from medflow_tui.ui.present.health import UNICODE
from medflow_tui.ui.present.line import width
from medflow_tui.ui.present.notices import notice_lines
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.screens.playbooks import PlaybooksScreen
from tests.unit.runner.stage import NIGHT, SITE, Stage
from tests.unit.ui.test_plan_screen import ASKS, confirmation, desk, plan_of

OPEN = Incident(
    id="INC-2026-004",
    severity=Severity.SEV2,
    commander="claire",
    opened_by="amani",
    opened_at=NIGHT - timedelta(hours=2),
    confirmed_how=BY_VOICE,
    confirmed_at=NIGHT - timedelta(hours=1),
)
PEOPLE = Access(people=MappingProxyType({"claire": Person(name="claire", roles=("dba",))}))
PRODUCTION = replace(SITE, environment="production", access=PEOPLE, audit=BARE)
R3 = ASKS.replace('class = "R4"', 'class = "R3"')
SAID = {
    "en": "no second person: incident INC-2026-004, SEV2, commander claire, confirmed 21:00",
    "fr": "sans deuxième personne\N{NO-BREAK SPACE}: incident INC-2026-004, SEV2, dirigé par claire, confirmé 21:00",
}


@pytest.fixture(autouse=True)
def mains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "_power", lambda: {"power": "mains"})
    monkeypatch.setattr(detached, "start", lambda command, order: None)


@pytest.mark.parametrize(
    ("code", "words"), [("en", "since 20:00: claire"), ("fr", "dès 20:00\N{NO-BREAK SPACE}: claire")]
)
def test_every_screen_names_it_on_its_second_line(tmp_path: Path, code: str, words: str) -> None:
    Incidents(tmp_path).keep(OPEN)
    snapshot = replace(EMPTY, notices=Orders(tmp_path).notices())
    look = Look(language=Language(code), glyphs=UNICODE, now=NIGHT)
    line = second_line(snapshot, look, 80)
    text = "".join(each.text for each in line)
    assert f"INC-2026-004 SEV2 {words}" in text
    assert width(text) <= 80


@pytest.mark.parametrize("health", [Health.OK, Health.CRITICAL])
@pytest.mark.parametrize("code", ["en", "fr"])
def test_on_few_columns_its_number_is_whole(tmp_path: Path, code: str, health: Health) -> None:
    Incidents(tmp_path).keep(OPEN)
    watched = tuple(
        Verdict(
            target=f"t{number}",
            kind="redis",
            pane="services",
            label=f"t{number}",
            health=health,
            evidence=say("refused"),
            observed_at=NIGHT,
            since=NIGHT,
        )
        for number in range(20)
    )
    snapshot = replace(EMPTY, notices=Orders(tmp_path).notices(), verdicts=watched)
    look = Look(language=Language(code), glyphs=UNICODE, now=NIGHT)
    text = "".join(each.text for each in second_line(snapshot, look, 40))
    assert width(text) <= 40
    assert "INC-2026-004" in text


@pytest.mark.parametrize("code", ["en", "fr"])
def test_of_several_notices_the_gravest_is_told_and_how_many_more(tmp_path: Path, code: str) -> None:
    Incidents(tmp_path).keep(OPEN)
    Orders(tmp_path).set_passive(on=True, who="claire", reason="")
    notices = (say("the history cannot be written"), *Orders(tmp_path).notices())
    snapshot = replace(EMPTY, notices=notices)
    waiting = say("{key}: a run waits for somebody", key="F9")
    look = Look(language=Language(code), glyphs=UNICODE, now=NIGHT)
    text = "".join(each.text for each in second_line(snapshot, look, 80, waiting=waiting))
    assert width(text) <= 80
    pages = [
        "".join(each.text for each in line)
        for line in notice_lines((*notices, waiting), look.language, NIGHT, 80)
    ]
    assert [each.split()[0] for each in pages] == ["1", "2", "3", "4"]
    assert "INC-2026-004" in pages[1]
    assert "F9" in pages[2]
    assert text.rstrip().endswith(" +3")
    assert look.language.say(notices[1], NIGHT) in text


@pytest.mark.parametrize("cells", [40, 60, 80, 100])
@pytest.mark.parametrize("code", ["en", "fr"])
def test_no_word_of_it_is_cut(code: str, cells: int) -> None:
    notice = say(
        "{who} passed over a guard at {at:when}, run {run}: to be reviewed", who="amani", at=NIGHT, run="r"
    )
    look = Look(language=Language(code), glyphs=UNICODE, now=NIGHT)
    more = (say("the history cannot be written"),) * 9
    (*_, last) = second_line(replace(EMPTY, notices=(*more, notice)), look, cells)
    assert last.text.rstrip().endswith(" +9")
    shown = last.text.rstrip().removesuffix(" +9").removesuffix("…").split(" ")
    whole = look.language.say(notice, NIGHT).split(" ")
    assert shown == [*whole[: len(shown) - 1], whole[len(shown) - 1].rstrip(":,\N{NO-BREAK SPACE}")]


@pytest.mark.parametrize("code", ["en", "fr"])
async def test_the_plan_and_the_confirmation_say_that_nobody_else_is_asked(tmp_path: Path, code: str) -> None:
    stage = Stage(tmp_path, R3, site=PRODUCTION)
    Incidents(stage.state).keep(OPEN)
    async with desk(stage, language=code) as dashboard:
        await dashboard.until(lambda: "INC-2026-004 SEV2" in dashboard.text, "the playbooks say so")
        assert isinstance(dashboard.app.screen, PlaybooksScreen)
        screen = await plan_of(dashboard, asks="Which backup?" if code == "en" else "Quelle sauvegarde")
        assert screen.can_start
        assert not screen.can_pass_over
        foot = "\n".join(dashboard.lines[-5:])
        assert SAID[code].split(",", maxsplit=1)[0] in " ".join(foot.split(" "))
        screen.action_confirm()
        await confirmation(dashboard)
        assert SAID[code] in re.sub(r"[ \n│]+", " ", dashboard.text)
        await dashboard.press("escape")


async def test_with_the_incident_closed_the_plan_waits_for_a_second_person(tmp_path: Path) -> None:
    stage = Stage(tmp_path, R3, site=PRODUCTION)
    Incidents(stage.state).keep(replace(OPEN, closed_by="claire", closed_at=NIGHT))
    async with desk(stage) as dashboard:
        screen = await plan_of(dashboard)
        assert screen.approvals == 1
        assert "a second person must agree before its first step" in dashboard.text
