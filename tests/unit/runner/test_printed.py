"""What a site's own program printed: sealed as it was, a redacted copy for everybody, and the raw text for few, recorded."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.cli import run, runs
from medflow_tui.config.load import load
from medflow_tui.journal.audit import verify
from medflow_tui.locale.language import Language
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.procedure import Outcome
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.runner.origin import name_of
from medflow_tui.runner.printed import sealed_files, tail
from medflow_tui.runner.unsealing import unsealed
from medflow_tui.ui.present.followed import Followed
from medflow_tui.ui.present.health import UNICODE
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.present.run_step import step_lines
from tests.unit.runner.stage import Stage
from tests.unit.runner.test_runner import QUIET, on_mains

ME = name_of(os.getuid())
RAW = ("loaded 5 rows", "login of marie.kabongo@example.cd, password=hunter2", "done")
SITE = f"""[site]
code = "LAB"
name = "Lab"
environment = "lab"
[access.people.{ME}]
roles = ["dba"]
[target.redis]
address = "redis://127.0.0.1:1"
"""
__all__ = ["on_mains"]


@pytest.fixture
def ran(tmp_path: Path) -> Stage:
    """A run whose last step is a program that prints what nobody else may see, and a code that clears the screen."""
    said = tmp_path / "said"
    said.write_text("\n".join((*RAW[:2], f"\x1b[2J{RAW[2]}\n")))
    source = re.sub(r"^run = \[.*$", f'run = ["/bin/cat", "{said}"]', QUIET, flags=re.MULTILINE)
    source = re.sub(r"^stdout_require = .*$", 'stdout_require = ["done"]', source, flags=re.MULTILINE)
    stage = Stage(tmp_path, source)
    assert stage.start().outcome is Outcome.PASS
    (tmp_path / "site.toml").write_text(SITE)
    return stage


@pytest.fixture
def place(ran: Stage, tmp_path: Path) -> tuple[str, ...]:
    return ("--site", str(tmp_path / "site.toml"), "--state", str(ran.state), "--lang", "en")


def events(stage: Stage) -> list[tuple[str, str]]:
    records = verify(stage.state / "audit.jsonl").records
    return [(each["ev"], each["step"] or (each["result"] or {}).get("why", "")) for each in records]


def test_beside_the_sealed_output_lies_a_redacted_copy_for_this_user_only(ran: Stage) -> None:
    assert ran.folder is not None
    sealed, copy = ran.folder.path / "sealed" / "look.out", ran.folder.path / "out" / "look.txt"
    assert "hunter2" in sealed.read_text()
    assert tail(ran.folder.path, "look") == ("loaded 5 rows", "[…] of […]", "done")
    assert not re.search("kabongo|hunter2|\x1b", copy.read_text())
    assert [each.stat().st_mode & 0o077 for each in (sealed, copy)] == [0, 0]
    copy.write_text(RAW[1])
    assert "hunter2" not in "".join(tail(ran.folder.path, "look"))


def test_the_step_in_hand_shows_the_end_of_the_copy_on_the_screen(ran: Stage) -> None:
    assert ran.folder is not None
    dispatch = Dispatch(
        site=ran.site,
        state=ran.state,
        playbooks=(ran.playbook,),
        crew_for=lambda *_: None,  # type: ignore[arg-type]
        command=("false",),
        now=lambda: datetime.now(UTC),
    )
    load, step = ran.playbook.step("load"), ran.playbook.step("look")
    printed = dispatch.printed(ran.folder.run, step)
    assert dispatch.printed(ran.folder.run, load) == dispatch.printed("no-such-run", step) == ()
    state = replace(ran.stand(), step="look")
    look = Look(language=Language("en"), glyphs=UNICODE, now=datetime.now(UTC))
    followed = Followed(state=state, playbook=ran.playbook, facts={}, printed=printed)
    lines = ["".join(each.text for each in line) for line in step_lines(followed, None, look, 80)]
    at = next(number for number, each in enumerate(lines) if each.split()[:1] == ["Printed"])
    assert [each.split("  ")[-1].strip() for each in lines[at : at + 3]] == [
        "loaded 5 rows",
        "[…] of […]",
        "done",
    ]


def test_one_run_is_told_with_what_its_programs_printed_and_nothing_that_is_sealed(
    ran: Stage, place: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran.folder is not None
    assert run(["playbook", "runs", ran.folder.run, *place]) == 0
    said = capsys.readouterr().out
    assert "What look printed, redacted, at its end:" in said
    assert "[…] of […]" in said
    assert not re.search("kabongo|hunter2|\x1b", said)
    assert run(["playbook", "runs", "none-of-that", *place]) == 3
    assert "identifiable.viewed" not in [each for each, _ in events(ran)]


def test_a_name_that_leads_elsewhere_opens_nothing(ran: Stage) -> None:
    assert ran.folder is not None
    folder = ran.folder.path
    assert sealed_files(folder, "look")
    assert (
        sealed_files(folder, "../sealed/look") == sealed_files(folder, str(folder / "sealed" / "look")) == []
    )


@pytest.mark.parametrize("name", ["Kabuya Mireille", "look.out", "../sealed/look", "linked", "x" * 50])
def test_what_the_audit_cannot_name_is_not_shown_and_nothing_of_it_is_recorded(
    ran: Stage, tmp_path: Path, name: str
) -> None:
    assert ran.folder is not None
    sealed, site = ran.folder.path / "sealed", load(tmp_path / "site.toml").site
    for each in ("Kabuya Mireille", "look.out", "x" * 50):
        (sealed / f"{each}.out").write_text("invented\n")
    (sealed / "linked.out").symlink_to(tmp_path / "said")
    before = events(ran)
    with pytest.raises(RefusedError, match="has nothing sealed of"):
        unsealed(site, ran.state, ran.folder.run, name)
    assert events(ran) == before
    assert unsealed(site, ran.state, ran.folder.run, "look")[0] == RAW[0]
    assert events(ran)[-1] == ("identifiable.viewed", "look")


def test_the_raw_text_is_for_a_person_at_a_terminal_in_a_role_and_recorded_before_it_is_shown(
    ran: Stage,
    place: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ran.folder is not None
    words = ["playbook", "runs", ran.folder.run, "--sealed", "look", *place]
    assert run(words) == 3
    assert "not a file or a pipe" in capsys.readouterr().err
    monkeypatch.setattr(runs, "need_terminal", lambda: None)
    assert run(words) == 0
    shown = capsys.readouterr()
    assert RAW[1] in shown.out
    assert "\x1b" not in shown.out
    assert "written down" in shown.err
    assert events(ran)[-1] == ("identifiable.viewed", "look")
    assert "hunter2" not in (ran.state / "audit.jsonl").read_text()
    assert run(["playbook", "runs", ran.folder.run, "--sealed", "load", *place]) == 3
    (tmp_path / "site.toml").write_text(SITE.replace("dba", "technician"))
    assert run(words) == 3
    assert events(ran)[-1] == ("attempt.denied", "no_role")
    (tmp_path / "site.toml").write_text(SITE)
    capsys.readouterr()
    (ran.state / "audit.jsonl").rename(tmp_path / "away")
    (ran.state / "audit.jsonl").mkdir()
    assert run(words) == 3
    assert "hunter2" not in capsys.readouterr().out
