"""A new version is put into service in real folders, under a real process; whatever fails, one whole version runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.clients import release_switch
from medflow_tui.model.procedure import Act, End, Mark, Move, Outcome
from medflow_tui.model.releases import FOLDER, LINK
from tests.servers.releases_run import ANSWERS, CHANGES, GOOD_NPM, bench_of, hurry, run_answered, set_npm
from tests.servers.releases_site import SERVER, Clinic, seal
from tests.servers.runs import Bench


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture(params=[LINK])
def clinic(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clinic]:
    found = Clinic.at(tmp_path / "site", request.param)
    found.start()
    yield found
    found.end()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_npm(tmp_path, monkeypatch)


def result(bench: Bench, guard: str) -> tuple[Outcome, bool]:
    found = next(each for each in bench.plan().guards if each.id == guard)
    return found.outcome, found.stops


def whole(bench: Bench, answers: dict[str, str] | None = None) -> tuple[Move, list[tuple[str, str]]]:
    order = bench.order()
    move = run_answered(bench, order, {**ANSWERS, **(answers or {})})
    told = [(each.step, each.mark.value) for each in bench.entries(order)]
    return move, told


@pytest.mark.parametrize("clinic", [LINK, FOLDER], indirect=True)
def test_a_version_is_installed_beside_switched_to_and_proved(clinic: Clinic, tmp_path: Path) -> None:
    bench = bench_of(clinic, tmp_path)
    move, told = whole(bench)
    assert move.outcome is Outcome.PASS, (move, told)
    assert (clinic.version(), clinic.stands_in()) == ("2.0.0", "2.0.0")
    order = [step for step, mark in told if mark == Mark.INTENDED.value]
    assert order.index("build") < order.index("stop") < order.index("switch") < order.index("start")
    assert (clinic.current / ".env").read_text().startswith("JWT_SECRET")
    assert (clinic.folder / "1.0.0" / "backend" / "VERSION").read_text() == "1.0.0"


def test_the_plan_touches_nothing_and_names_each_call(clinic: Clinic, tmp_path: Path) -> None:
    before = listing(clinic)
    plan = bench_of(clinic, tmp_path).plan()
    calls = {each.id: each.calls for each in plan.steps if each.calls}
    assert calls["install"] == (f"npm ci  ({clinic.folder}/2.0.0/backend)",)
    assert calls["switch"][0] == f"symlink {clinic.folder}/2.0.0 {clinic.root}/.medflow-switch-current"
    assert [each.id for each in plan.steps if each.changes] == list(CHANGES)
    assert plan.further_calls["undo switch"][0].startswith(f"symlink {clinic.folder}/1.0.0 ")
    assert not [each for each in plan.guards if each.stops], plan.guards
    assert listing(clinic) == before
    assert not (tmp_path / "state").exists()


def listing(clinic: Clinic) -> dict[str, bytes]:
    """Every file and link of the clinic; what the running service writes is not of the plan's making."""
    return {
        str(each): each.read_bytes() if each.is_file() else b""
        for each in clinic.root.rglob("*")
        if "__pycache__" not in each.parts
    }


def resealed(clinic: Clinic, version: str = "2.0.0", **words: object) -> None:
    seal(clinic.folder / version, version, **{"data": {"reads": [3], "writes": 3}, **words})  # type: ignore[arg-type]


def cut(clinic: Clinic) -> None:
    (clinic.folder / "2.0.0" / "backend" / "server.py").unlink()


def cut_list(clinic: Clinic) -> None:
    sums = clinic.folder / "2.0.0" / "SHA256SUMS"
    sums.write_text("".join(sums.read_text().splitlines(keepends=True)[1:]))


def stray(clinic: Clinic) -> None:
    (clinic.folder / "1.0.0" / "uploads").mkdir()
    (clinic.folder / "1.0.0" / "uploads" / "scan.png").touch()


REFUSALS = {
    "half copied": ("whole", cut),
    "list cut off": ("whole", cut_list),
    "no words of its own": ("whole", lambda clinic: (clinic.folder / "2.0.0" / "release.json").unlink()),
    "other Node": ("node", lambda clinic: resealed(clinic, node=">=99")),
    "Node not readable": ("node", lambda clinic: resealed(clinic, node="latest")),
    "cannot read the data": ("data", lambda clinic: resealed(clinic, data={"reads": [4], "writes": 4})),
    "does not say": ("data", lambda clinic: resealed(clinic, data={})),
    "no way back": ("back", lambda clinic: resealed(clinic, data={"reads": [3, 4], "writes": 4})),
    "files of the site": ("strays", stray),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_guard_stops_before_anybody_waits(clinic: Clinic, tmp_path: Path, npm: None, name: str) -> None:
    guard, spoil = REFUSALS[name]
    spoil(clinic)
    bench = bench_of(clinic, tmp_path)
    assert result(bench, guard)[0] is not Outcome.PASS
    move, told = whole(bench)
    assert move.outcome is not Outcome.PASS
    assert ("stop", Mark.INTENDED.value) not in told
    assert (clinic.version(), clinic.stands_in()) == ("1.0.0", "1.0.0")


@pytest.mark.parametrize("version", ["1.0.0", "9.9.9"])
def test_neither_the_version_in_service_nor_one_that_is_not_there_is_taken(
    clinic: Clinic, tmp_path: Path, version: str
) -> None:
    bench = bench_of(clinic, tmp_path, version=version)
    assert any(each.stops for each in bench.plan().guards)


def test_production_is_refused_until_a_backup_is_verified(clinic: Clinic, tmp_path: Path) -> None:
    bench = clinic.bench("deployment", tmp_path / "state", "production", version="2.0.0", script="none")
    assert result(bench, "backup") == (Outcome.FAIL, True)


def test_a_changed_file_is_found_before_anything_is_installed(
    clinic: Clinic, tmp_path: Path, npm: None
) -> None:
    with (clinic.folder / "2.0.0" / "backend" / "server.py").open("a") as file:
        file.write("# changed\n")
    move, told = whole(bench_of(clinic, tmp_path))
    assert move.outcome is not Outcome.PASS
    assert ("look", Mark.FAILED.value) in told
    assert not (clinic.folder / "2.0.0" / "backend" / "node_modules").exists()


def test_a_version_that_was_sealed_after_it_was_built_is_refused(
    clinic: Clinic, tmp_path: Path, npm: None
) -> None:
    (clinic.folder / "2.0.0" / "frontend" / "dist").mkdir()
    (clinic.folder / "2.0.0" / "frontend" / "dist" / "index.html").write_text("built elsewhere")
    resealed(clinic)
    _, told = whole(bench_of(clinic, tmp_path))
    assert ("look", Mark.FAILED.value) in told
    assert not (clinic.folder / "2.0.0" / "backend" / "node_modules").exists()


LIARS = {
    "installs nothing": "print('added 1 package in 5ms')",
    "says nothing": GOOD_NPM.replace("print", "str"),
    "changes the lock file": GOOD_NPM + "open('package-lock.json', 'a').write(' ')",
    "another version": GOOD_NPM
    + "p = pathlib.Path('node_modules/eyes/package.json'); p.write_text(p.read_text().replace('1.2.3', '1.2.4'))",
    "cannot be loaded": GOOD_NPM
    + "pathlib.Path('node_modules/eyes/main.js').write_text('throw new Error()')",
    "only says an error": GOOD_NPM + "print('npm error code EAI_AGAIN', file=sys.stderr)",
}


@pytest.mark.parametrize("name", LIARS)
def test_an_npm_that_fails_and_ends_well_is_not_believed(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    set_npm(tmp_path, monkeypatch, LIARS[name])
    move, told = whole(bench_of(clinic, tmp_path))
    assert move.outcome is not Outcome.PASS
    assert ("install", Mark.FAILED.value) in told
    assert (clinic.version(), clinic.stands_in()) == ("1.0.0", "1.0.0")


def test_a_build_that_makes_half_a_page_is_not_believed(clinic: Clinic, tmp_path: Path, npm: None) -> None:
    made = replace(clinic.deployment, build=("mkdir", "-p", "dist"))
    bench = replace(bench_of(clinic, tmp_path), releases=made)
    move, told = whole(bench)
    assert ("build", Mark.FAILED.value) in told
    assert (move.outcome, clinic.stands_in()) == (Outcome.FAIL, "1.0.0")


@pytest.mark.parametrize("clinic", [LINK, FOLDER], indirect=True)
def test_a_version_that_is_never_ready_is_taken_back(clinic: Clinic, tmp_path: Path, npm: None) -> None:
    place = clinic.folder / "2.0.0" / "backend"
    (place / "broken").touch()
    resealed(clinic)
    bench = bench_of(clinic, tmp_path)
    bench = replace(bench, edits=(("timeout_s = 180\n", "timeout_s = 2\n"),))
    move, _ = whole(bench)
    assert move.end is End.ROLLED_BACK, move
    assert (clinic.version(), clinic.stands_in()) == ("1.0.0", "1.0.0")
    assert (clinic.current / ".env").exists()


def test_a_wrong_answer_stops_before_anybody_waits(clinic: Clinic, tmp_path: Path, npm: None) -> None:
    move, told = whole(bench_of(clinic, tmp_path), {"together.item2": "ffffffff"})
    assert move.act is Act.PAUSE
    assert ("stop", Mark.INTENDED.value) not in told
    assert clinic.stands_in() == "1.0.0"


MIGRATES = "require('fs').appendFileSync(process.argv[1] + '.done', 'x'); console.log('12 documents changed')"


def with_script(clinic: Clinic, text: str) -> None:
    shutil.rmtree(clinic.folder / "2.0.0")
    clinic.release("2.0.0", script=text)


def test_a_named_script_is_shown_and_runs_once_while_nobody_works(
    clinic: Clinic, tmp_path: Path, npm: None
) -> None:
    with_script(clinic, MIGRATES)
    bench = bench_of(clinic, tmp_path, script="migrate")
    move, told = whole(bench, {"together.item3": "migrate"})
    assert move.outcome is Outcome.PASS, told
    done = clinic.folder / "2.0.0" / "backend" / "scripts" / "migrate.js.done"
    assert done.read_text() == "x"
    shown = next((tmp_path / "state" / "runs").glob("*/out/script.txt"))
    assert "12 documents changed" in shown.read_text()


@pytest.mark.parametrize("text", ["User.deleteMany({})", "mongoose.connection.dropDatabase()"])
def test_a_script_that_empties_collections_is_refused(clinic: Clinic, tmp_path: Path, text: str) -> None:
    with_script(clinic, text)
    assert result(bench_of(clinic, tmp_path, script="migrate"), "script_known") == (Outcome.FAIL, True)


def test_npm_run_setup_is_no_script_of_any_version(clinic: Clinic, tmp_path: Path) -> None:
    assert result(bench_of(clinic, tmp_path, script="setup"), "script_known") == (Outcome.FAIL, True)


def test_a_script_that_fails_and_ends_well_leaves_the_decision_to_people(
    clinic: Clinic, tmp_path: Path, npm: None
) -> None:
    with_script(clinic, "console.error('MongoServerError: E11000 KABONGO MARIE')")
    move, told = whole(bench_of(clinic, tmp_path, script="migrate"), {"together.item3": "migrate"})
    assert ("run_script", Mark.FAILED.value) in told
    assert (move.act, clinic.version(), clinic.stands_in()) == (Act.PAUSE, "1.0.0", "")
    journals = b"".join(each.read_bytes() for each in (tmp_path / "state" / "runs").rglob("*.jsonl"))
    assert b"KABONGO" not in journals


def test_a_full_disk_leaves_the_old_version_in_service(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "import os, resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    body += "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
    set_npm(tmp_path, monkeypatch, body + GOOD_NPM)
    move, told = whole(bench_of(clinic, tmp_path))
    assert ("install", Mark.FAILED.value) in told
    assert (move.outcome, clinic.stands_in()) == (Outcome.FAIL, "1.0.0")


def test_a_switch_that_cannot_be_written_goes_back(
    clinic: Clinic, tmp_path: Path, npm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: object, target_is_directory: bool = False) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(release_switch.LinkPlace, "switch", lambda self, before, after: full(Path(), ""))
        move, told = whole(bench_of(clinic, tmp_path))
    assert ("switch", Mark.FAILED.value) in told
    assert (move.end, clinic.version(), clinic.stands_in()) == (End.ROLLED_BACK, "1.0.0", "1.0.0")


def test_no_secret_of_the_site_is_written_down(clinic: Clinic, tmp_path: Path, npm: None) -> None:
    assert "CANARY" not in SERVER
    whole(bench_of(clinic, tmp_path))
    written = b"".join(each.read_bytes() for each in (tmp_path / "state").rglob("*") if each.is_file())
    assert b"CANARY" not in written
