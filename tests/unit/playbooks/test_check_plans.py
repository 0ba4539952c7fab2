"""What the plan page says of each playbook that looks and hands over, in both languages, kept in `plans/`.

`WRITE_PLANS=1 pytest tests/unit/playbooks/test_check_plans.py` writes them anew: look at the diff.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.actions.looking import Looking
from medflow_tui.locale.language import Language
from medflow_tui.model.canonical import Fact
from medflow_tui.model.performer import Finding, Performer, Survey, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.site import Site
from medflow_tui.playbooks.load import load, shipped
from medflow_tui.runner.preview import make_plan
from medflow_tui.runner.report import Report

FOLDER = Path(__file__).with_name("plans")
CHECKS = (
    "payments",
    "data-isolation",
    "daily-backup-check",
    "stale-share",
    "clinic-connectivity",
    "post-incident",
)
NOW = datetime(2026, 11, 23, 13, 32, tzinfo=UTC)
MEASURED: dict[str, Fact] = {
    "stuck": 3,
    "pending": 41,
    "unaudited": 1,
    "strays": 4,
    "homeless": 2,
    "clinics": 4,
    "sets": 3,
    "proved": 2,
    "shares": 8,
    "stale": 1,
    "waiting": 112,
    "given_up": 5,
    "troubles": 2,
}


class Nothing(Looking):
    """Would look."""

    def verify(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.PASS)


class Measured:
    """A crew that has measured already."""

    def survey(self) -> Survey:
        return Survey(facts=MEASURED, targets={"target": "an address"}, identity="mongodb 0123456789abcdef")

    def performer(self, action: str) -> Performer | None:
        return Nothing()


@pytest.mark.parametrize("code", ["en", "fr"])
@pytest.mark.parametrize("name", CHECKS)
def test_the_plan_page_says_what_it_said(name: str, code: str, tmp_path: Path) -> None:
    site = Site(code="LAB", name="Lab", environment="lab")
    inputs = {"hours": "6"} if name == "post-incident" else {}
    plan = make_plan(load(shipped() / f"{name}.toml"), site, Measured(), tmp_path, now=NOW, inputs=inputs)
    language = Language(code, "Africa/Kinshasa")
    told = Report(speak=lambda phrase: language.say(phrase, NOW), language=code).planned(plan)
    first, rest = (
        told[0].rpartition("   ")[0],
        [each for each in told[1:] if " free for journals" not in each],
    )
    page = "\n".join([first, *(each for each in rest if "pour les journaux" not in each)]) + "\n"
    path = FOLDER / f"{name}.{code}.txt"
    if os.environ.get("WRITE_PLANS"):
        path.write_text(page, encoding="utf-8")
    assert page == path.read_text(encoding="utf-8")
    assert not re.search(r"(^|[ ·])\?", page, re.MULTILINE), "a value that nobody measured"
    assert all(len(each) < 160 for each in told)
