"""On what the server runs: a UPS asked as upsd is asked, over TCP; a folder like that of Linux; what a guard makes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from medflow_tui.cli import run
from medflow_tui.clients import nut, supply
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.config.load import load
from medflow_tui.locale.language import Language
from medflow_tui.model.errors import MedflowError, UnfitError
from medflow_tui.model.performer import Survey
from medflow_tui.model.power import NO_POWER, Power, Ups
from medflow_tui.model.procedure import Outcome
from medflow_tui.playbooks.load import load as playbook_of
from medflow_tui.playbooks.load import shipped
from medflow_tui.rules.guards import evaluate
from medflow_tui.runner.preview import guard_facts
from medflow_tui.wiring import tools_for
from medflow_tui.wiring.acting import IdentifiedCrew
from tests.servers.upsd import DENIED, STALE, Upsd, running_upsd
from tests.unit.runner.stage import NIGHT, SITE

SITE_FILE = (
    '[site]\ncode = "LAB"\nname = "Lab"\nenvironment = "lab"\n\n[power]\nnut = "{nut}"\n[target.host]\n'
)
GUARD = next(each for each in playbook_of(shipped() / "device-resync.toml").guards if each.kind == "power")


@pytest.fixture
def upsd() -> Iterator[Upsd]:
    with running_upsd(Upsd()) as found:
        yield found


def judged(state: Path, facts: dict[str, object] | object) -> tuple[Outcome, str]:
    playbook = playbook_of(shipped() / "device-resync.toml")
    known = guard_facts(playbook, SITE, Survey(facts=facts), state, now=NIGHT)  # type: ignore[arg-type]
    found = evaluate(GUARD, known)
    return found.outcome, Language("en").say(found.said)


@pytest.mark.parametrize(
    ("status", "power", "outcome", "told"),
    [
        ("OL CHRG", "mains", Outcome.PASS, "power: mains, according to {name} (OL CHRG)"),
        ("OL", "mains", Outcome.PASS, "power: mains, according to {name} (OL)"),
        ("OB DISCHRG", "battery", Outcome.FAIL, "power: battery, according to {name} (OB DISCHRG)"),
        ("OB LB", "battery", Outcome.FAIL, "power: battery, according to {name} (OB LB)"),
        ("FSD OL", "battery", Outcome.FAIL, "power: battery, according to {name} (FSD OL)"),
        ("OFF", "unknown", Outcome.UNKNOWN, "power unknown, {name} (OFF) does not tell"),
        (STALE, "unknown", Outcome.UNKNOWN, "power unknown, {name} does not tell"),
        (DENIED, "unknown", Outcome.UNKNOWN, "power unknown, {name} does not tell"),
    ],
)
def test_what_a_ups_says_is_a_fact_with_its_source_and_what_the_guard_says(
    upsd: Upsd, tmp_path: Path, status: str, power: str, outcome: Outcome, told: str
) -> None:
    upsd.status = status
    facts = supply.supply(Power(nut=upsd.name))
    assert facts["supply"] == power
    assert judged(tmp_path, facts) == (outcome, told.format(name=upsd.name))
    assert upsd.heard == ["GET VAR ups ups.status"]


def test_a_ups_that_is_named_and_does_not_answer_is_unknown_in_time_whatever_this_machine_sees(
    upsd: Upsd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medflow_tui.runner.surroundings._power", lambda: {"power": "mains"})
    assert judged(tmp_path, {})[0] is Outcome.PASS
    supplied(tmp_path / "supplies", "AC", type="Mains", online="1")
    upsd.is_silent = True
    began = time.monotonic()
    facts = supply.supply(Power(nut=upsd.name), tmp_path / "supplies", within_s=0.3)
    assert time.monotonic() - began < 2.0
    assert judged(tmp_path, facts) == (Outcome.UNKNOWN, f"power unknown, {upsd.name} does not tell")
    refused = supply.supply(Power(nut="ups@127.0.0.1:1"))
    assert judged(tmp_path, refused)[0] is Outcome.UNKNOWN


def test_one_that_upsd_does_not_know_is_told_with_those_that_it_knows(upsd: Upsd) -> None:
    for ups, words in (
        (Ups(name="none", host="127.0.0.1", port=upsd.port), "knows no UPS none; it knows: ups, other"),
        (Ups(name="ups", host="127.0.0.1", port=upsd.port), "does not answer as upsd does"),
    ):
        upsd.status = 'OL" x'
        with pytest.raises(UnreachableError) as caught:
            nut.status(ups, Deadline.after(2.0))
        assert Language("en").say(caught.value.failure.text) == words


def supplied(folder: Path, name: str, **files: str) -> None:
    (folder / name).mkdir(parents=True)
    for file, text in files.items():
        (folder / name / file).write_text(f"{text}\n")


def test_without_nut_the_ups_that_linux_lists_counts_and_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "supplies"
    assert supply.supply(NO_POWER, folder) == {}
    assert judged(tmp_path, {})[0] is Outcome.UNKNOWN
    supplied(folder, "mouse", type="Battery", scope="Device", status="Discharging")
    assert supply.supply(NO_POWER, folder) == {}
    supplied(folder, "ups", type="UPS", status="Discharging", capacity="80")
    facts = supply.supply(NO_POWER, folder)
    assert judged(tmp_path, facts) == (Outcome.FAIL, f"power: battery, according to {folder}/ups")
    (folder / "ups" / "status").write_text("Charging\n")
    assert judged(tmp_path, supply.supply(NO_POWER, folder))[0] is Outcome.PASS


def test_the_crew_asks_it_for_a_playbook_with_that_guard_and_for_no_other(upsd: Upsd, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE_FILE.format(nut=upsd.name))
    site = load(tmp_path / "site.toml").site

    class Bare:
        def survey(self) -> Survey:
            return Survey()

    for name, asked in (("daily-backup-check", 0), ("device-resync", 1)):
        playbook = playbook_of(shipped() / f"{name}.toml")
        crew = IdentifiedCrew(Bare(), playbook, site, tools_for(site, tmp_path))  # type: ignore[arg-type]
        assert ("supply" in crew.survey().facts) is bool(asked)
        assert len(upsd.heard) == asked


def test_config_check_knows_it(upsd: Upsd, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "site.toml"
    words = ["config", "check", "--site", str(file), "--state", str(tmp_path)]

    def checked(nut: str) -> tuple[int, str]:
        file.write_text(SITE_FILE.format(nut=nut))
        code = run(words)
        return code, capsys.readouterr().err

    assert checked(upsd.name) == (0, "")
    upsd.status = STALE
    code, said = checked(upsd.name)
    assert (code, "upsd has lost sight of the UPS" in said) == (3, True)
    for wrong in ("ups", "@host", "ups@host:0", "ups@host:99999", "ups@ho st"):
        with pytest.raises(UnfitError):
            Power(nut=wrong)
    code, said = checked("ups")
    assert (code, "ups@127.0.0.1" in said) == (3, True)
    file.write_text(
        '[site]\ncode = "L"\nname = "L"\nenvironment = "lab"\n[power]\nnit = "x"\n[target.host]\n'
    )
    with pytest.raises(MedflowError):
        load(file)
