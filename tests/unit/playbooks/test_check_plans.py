"""What the plan page says of each shipped playbook where all is well, in both languages, kept in `plans/`.

`WRITE_PLANS=1 pytest tests/unit/playbooks/test_check_plans.py` writes them anew: look at the diff. The calls stand there
by the names of their actions; which they really are is shown with the real services of each.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from medflow_tui.locale.language import Language
from medflow_tui.model.canonical import Fact
from medflow_tui.runner.preview import make_plan
from medflow_tui.runner.report import Report
from tests.unit.playbooks.attended import attended, measuring
from tests.unit.playbooks.measured import BOOKS, NOW, WELL

FOLDER = Path(__file__).with_name("plans")


@pytest.mark.parametrize("code", ["en", "fr"])
@pytest.mark.parametrize("name", BOOKS)
def test_the_plan_page_says_what_it_said(
    name: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts: dict[str, Fact] = {**WELL, "backend.ready": name != "backend-not-responding"}
    measuring(monkeypatch, lambda: facts)
    bench = attended(name, tmp_path)
    plan = make_plan(bench.playbook, bench.site, bench.world, bench.state, now=NOW, inputs=bench.inputs)
    language = Language(code, "Africa/Kinshasa")
    first, *rest = Report(speak=lambda phrase: language.say(phrase, NOW), language=code).planned(plan)
    page = "\n".join([first.rpartition("   ")[0], *rest]) + "\n"
    path = FOLDER / f"{name}.{code}.txt"
    if os.environ.get("WRITE_PLANS"):
        path.write_text(page, encoding="utf-8")
    assert page == path.read_text(encoding="utf-8")
    assert not re.search(r"(^|[ ·])\?", page, re.MULTILINE), "a value that nobody measured"
    assert all(len(each) < 160 for each in rest)


def test_no_page_is_left_of_a_playbook_that_is_gone() -> None:
    assert {each.name.partition(".")[0] for each in FOLDER.iterdir()} == set(BOOKS)
