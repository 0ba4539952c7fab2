"""Each fault of the lab through the real application, and beside the screen: seen in the right words, gone when mended."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.lab.backend.limits import EXHAUSTED_S
from medflow_tui.lab.people import PLANTED_NAME, PLANTED_SECRET
from medflow_tui.model.health import Health
from medflow_tui.model.targets.mongodb import MongodbTarget
from tests.servers.dashboard import CALM, Dashboard, opened
from tests.servers.lab import RunningLab, connects

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(300)]

OK, WARNING, CRITICAL, UNKNOWN = Health.OK, Health.WARNING, Health.CRITICAL, Health.UNKNOWN
SCHEMA = {"target": str, "kind": str, "verdict": str, "evidence": str, "how": str}
MARGIN_S = 3.0  # a busy machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What must be seen of one target: verdict, words (in the row and in `check`), and its name in the row."""

    health: Health
    words: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A fault, all that it may trouble (`may`: what cannot be known because of it), and what `check` exits with."""

    fault: str
    seen: dict[str, Seen]
    exit_code: int
    may: tuple[str, ...] = ()
    means: dict[str, str] = field(default_factory=dict)


SCENES = (
    Scene(
        fault="redis-down",
        seen={
            "redis": Seen(health=CRITICAL, words="refused"),
            "backend": Seen(health=WARNING, words="ready, no redis"),
            "queue": Seen(health=UNKNOWN, words="cannot be read"),
        },
        may=("queue/worker", "queue/api"),
        exit_code=2,
    ),
    Scene(
        fault="redis-not-reconnected",
        seen={
            "redis": Seen(health=OK, words=" of 67 MB"),
            "backend": Seen(health=WARNING, words="gave up on redis"),
        },
        may=("queue/worker",),
        means={"backend": "works without Redis until the backend is restarted"},
        exit_code=1,
    ),
    Scene(
        fault="mongodb-frozen",
        seen={
            "mongodb": Seen(health=CRITICAL, words="accepts, no answer in 4"),
            "backend": Seen(health=CRITICAL, words="database disconnected"),
        },
        may=(
            "payments",
            "isolation",
            "devices",
            "devices/",
            "clinics",
            "clinics/",
            "queue/api",
            "queue/worker",
        ),
        exit_code=2,
    ),
    Scene(
        fault="worker-not-started",
        seen={"queue": Seen(health=CRITICAL, words="no worker, jobs wait since ")},
        may=("queue/worker",),
        exit_code=2,
    ),
    Scene(
        fault="share-dead",
        seen={
            "zeiss-clarus700": Seen(health=CRITICAL, words="host answers, share does not", label="Zeiss"),
        },
        exit_code=2,
    ),
    Scene(
        fault="clinic-closed",
        seen={"clinics/MATADI_KC": Seen(health=Health.EXPECTED_OFFLINE, words="opens ", label="Matadi")},
        exit_code=0,
    ),
    Scene(
        fault="clinic-offline",
        seen={"clinics/TOMBALBAYE_KIN": Seen(health=CRITICAL, words="silent ", label="Tombalb")},
        exit_code=2,
    ),
    Scene(
        fault="backup-late",
        seen={"backups/daily": Seen(health=WARNING, words="late by ", label="daily")},
        exit_code=1,
    ),
    Scene(
        fault="backup-truncated",
        seen={
            "backups/daily": Seen(health=CRITICAL, words="shorter than its checksum says", label="daily"),
        },
        exit_code=2,
    ),
    Scene(
        fault="rate-limited",
        seen={"queue/api": Seen(health=UNKNOWN, words="429 until ", label="api")},
        may=("queue/worker",),  # known without the API only while it has just worked
        exit_code=3,
    ),
    Scene(
        fault="log-flood",
        seen={"log": Seen(health=WARNING, words="no change streams")},
        may=("log/",),
        exit_code=1,
    ),
)


@pytest.mark.parametrize("scene", SCENES, ids=[each.fault for each in SCENES])
async def test_a_fault_is_seen_in_the_right_words_and_gone_when_mended(
    clinic: RunningLab, tmp_path: Path, scene: Scene
) -> None:
    async with opened(clinic.folder / "site.toml", tmp_path / "state") as dashboard:
        await dashboard.until_calm()
        await ordered(clinic, "break", scene.fault)
        for target, seen in scene.seen.items():
            await dashboard.until(
                lambda t=target, s=seen: is_seen(dashboard, t, s), f"{target}: {seen.words}"
            )
        for target, words in scene.means.items():
            await reads_in_detail(dashboard, target, words)
        await beside_the_screen(clinic, tmp_path / "nagios", scene)
        assert only_expected(dashboard, scene) == []
        await ordered(clinic, "mend", scene.fault)
        await dashboard.until_calm()
        assert "0 problems" in dashboard.text
        for target, seen in scene.seen.items():
            await dashboard.until(
                lambda t=target, s=seen: s.health is OK or not is_still_said(dashboard, t, s),
                f"{target} says no more: {seen.words}",
                20,
            )
    done = await check(clinic, tmp_path / "nagios", "--json")
    ends = time.monotonic() + EXHAUSTED_S + 5
    while keeps_to_a_wait(done) and time.monotonic() < ends:  # it was told later than the dashboard was
        await asyncio.sleep(1)
        done = await check(clinic, tmp_path / "nagios", "--json")
    assert (done.code, done.table["verdict"]) == (0, "ok"), done.table


def keeps_to_a_wait(done: Done) -> bool:
    return any("429 until " in each["evidence"] for each in done.targets.values())


@pytest.mark.parametrize("fault", ["mongodb-frozen", "share-dead"])
async def test_one_dead_service_delays_no_reading_of_another(
    clinic: RunningLab, tmp_path: Path, fault: str
) -> None:
    """Longer than any deadline of what hangs: while it is frozen nothing else is older than its own interval."""
    async with opened(clinic.folder / "site.toml", tmp_path / "state") as dashboard:
        await dashboard.until_calm()
        site = dashboard.app.session.site
        database = next(each for each in site.targets if isinstance(each, MongodbTarget)).address
        frozen = {
            each.name
            for each in site.targets
            if (
                getattr(each, "address", "") == database
                if fault == "mongodb-frozen"
                else each.name == "zeiss-clarus700"
            )
        }
        free = {each.name: each for each in site.targets if each.name not in {*frozen, "host"}}
        assert len(free) > 9
        await ordered(clinic, "break", fault)
        for name in frozen:
            dashboard.app.looking.read_now(name)
        ends = time.monotonic() + 20.0

        def over() -> bool:
            dashboard.note_ages(datetime.now(UTC))
            return time.monotonic() > ends

        await dashboard.until(over, "20 s have passed")
        allowed = {name: 1.1 * each.interval_s + MARGIN_S for name, each in free.items()}
        late = {name: dashboard.ages[name] for name in free if dashboard.ages[name] > allowed[name]}
        assert late == {}, late
        assert all(dashboard.health(name) is not Health.STALE for name in free)
        assert any(dashboard.health(name) in (CRITICAL, UNKNOWN) for name in frozen)


async def test_an_open_clinic_that_is_lost_is_a_warning_while_soft_and_then_critical(
    clinic: RunningLab, tmp_path: Path
) -> None:
    name = "clinics/TOMBALBAYE_KIN"
    async with opened(clinic.folder / "site.toml", tmp_path / "state") as dashboard:
        await dashboard.until_calm()
        dashboard.app.published.clear()
        await ordered(clinic, "break", "clinic-offline")
        await dashboard.until(lambda: dashboard.health(name) is CRITICAL, "the clinic is critical")
        steps = [each.find(name) for each in dashboard.app.published]
        found = [(each.health, each.soft) for each in steps if each is not None]
        assert [each for at, each in enumerate(found) if at == 0 or each != found[at - 1]][-2:] == [
            (WARNING, True),
            (CRITICAL, False),
        ]
        await ordered(clinic, "mend", "clinic-offline")
        await dashboard.until_calm()


async def test_redis_stopped_and_started_for_real_is_said_within_seconds_with_the_reason(
    clinic: RunningLab, tmp_path: Path
) -> None:
    async with opened(clinic.folder / "site.toml", tmp_path / "state") as dashboard:
        await dashboard.until_calm()
        pid = clinic.everything["redis"]
        os.kill(pid, signal.SIGTERM)
        await dashboard.until(lambda: not connects(clinic.port("redis"), 0.1), "redis is gone")
        began = time.monotonic()
        await dashboard.until(lambda: dashboard.health("redis") is CRITICAL, "redis is critical", 12)
        assert time.monotonic() - began < 8
        assert dashboard.shows("redis", "refused")
        assert "✖ 1 critical" in dashboard.lines[1]
        await ordered(clinic, "break", "redis-down")  # the lab is told, so that it can start it again
        await ordered(clinic, "mend", "redis-down")
        began = time.monotonic()
        await dashboard.until(lambda: dashboard.health("redis") is OK, "redis is back", 12)
        assert time.monotonic() - began < 8
        await dashboard.until_calm()


async def test_after_a_429_no_call_reaches_the_api_before_the_time_it_named(
    clinic: RunningLab, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    async with opened(clinic.folder / "site.toml", state) as dashboard:
        await dashboard.until_calm()
        await ordered(clinic, "break", "rate-limited")
        await dashboard.until(lambda: dashboard.health("queue/api") is UNKNOWN, "the call is limited")
        verdict = dashboard.verdict("queue/api")
        assert verdict is not None
        assert verdict.failure is not None
        assert verdict.failure.until is not None
        until, refused = verdict.failure.until, calls_refused(clinic)
        assert refused >= 1
        clock = dashboard.app.session.language.clock(until)
        assert dashboard.shows("api", f"429 until {clock}")
        await dashboard.press("r")
        shared = await check(clinic, state, "--json")  # another process of this machine keeps to it too
        assert shared.targets["queue/api"]["verdict"] == "unknown"
        assert clock in shared.targets["queue/api"]["evidence"]
        left = (until - datetime.now(UTC)).total_seconds()
        assert left > 3, "there is time in which a call would be wrong"
        await dashboard.until(
            lambda: (until - datetime.now(UTC)).total_seconds() < 1.0, "the time is nearly over", left + 5
        )
        assert calls_refused(clinic) == refused
        assert dashboard.health("redis") is OK
        await ordered(clinic, "mend", "rate-limited")
        await dashboard.until_calm()


async def test_a_flooded_log_leaves_the_screen_alive_and_counts_what_it_drops(
    clinic: RunningLab, tmp_path: Path
) -> None:
    async with opened(clinic.folder / "site.toml", tmp_path / "state") as dashboard:
        await dashboard.until_calm()
        await ordered(clinic, "break", "log-flood")
        dropped = await dashboard.until(
            lambda: re.search(r"(\d{3}|\d+,[\d,]+) dropped", dashboard.text), "dropped lines are counted"
        )
        await dashboard.until(lambda: "×" in dashboard.text, "repeats are folded")
        for key, sign in (("f3", "▸F3"), ("f4", "▸F4"), ("question_mark", "Help"), ("escape", "▸F4")):
            began = time.monotonic()
            await dashboard.pilot.press(key)
            await dashboard.until(lambda s=sign: s in dashboard.text, f"{key} is answered", 3)
            assert time.monotonic() - began < 1.0
        more = await dashboard.until(lambda: re.search(r"([\d,]+) dropped", dashboard.text), "still counted")
        assert int(more[1].replace(",", "")) >= int(dropped[1].replace(",", ""))
        await ordered(clinic, "mend", "log-flood")
        await dashboard.until_calm()


async def test_a_patient_and_a_secret_in_the_log_are_neither_shown_nor_stored(
    clinic: RunningLab, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    screens: list[str] = []
    async with opened(clinic.folder / "site.toml", state, size=(160, 48)) as dashboard:
        await dashboard.until_calm()
        await dashboard.press("f6", "m")
        await ordered(clinic, "break", "log-patient")
        await dashboard.until(
            lambda: "Backup failed" in dashboard.text, "the planted lines are on the screen"
        )
        await dashboard.until(lambda: "Import failed" in dashboard.text, "the last of them too")
        screens.append(dashboard.text)
        await dashboard.press("v", "v", "v")
        screens.append(dashboard.text)
        await dashboard.press("m", "colon")
        await dashboard.type("log")
        screens.append(dashboard.text)
        await dashboard.press("escape")
        done = await check(clinic, state, "--text")
        screens.append(done.text)
        await ordered(clinic, "mend", "log-patient")
    kept = b"\n".join(each.read_bytes() for each in state.rglob("*") if each.is_file())
    assert (state / "history.sqlite").exists()
    assert len(kept) > 10_000
    for planted in (*PLANTED_NAME, PLANTED_SECRET, "19710504", "P99001"):
        for form in {planted, planted.lower(), planted.replace("-", " "), planted.replace("-", "%2D")}:
            assert form not in "\n".join(screens)
            for encoding in ("utf-8", "utf-16-le"):
                assert form.encode(encoding) not in kept


async def test_a_fault_is_told_in_french_too(clinic: RunningLab, tmp_path: Path) -> None:
    async with opened(clinic.folder / "site.toml", tmp_path / "state", language="fr") as dashboard:
        await dashboard.until(lambda: bool(dashboard.verdicts) and not dashboard.troubles, "all is calm", 90)
        await ordered(clinic, "break", "backup-late")
        await dashboard.until(lambda: dashboard.health("backups/daily") is WARNING, "the backup is late")
        words = dashboard.evidence("backups/daily")
        assert "late" not in words
        await dashboard.until(lambda: dashboard.shows("▲", words), words)
        done = await check(clinic, tmp_path / "nagios", "--text", "--lang", "fr")
        assert (done.code, words in done.text) == (1, True)
        await ordered(clinic, "mend", "backup-late")


@dataclass(frozen=True, slots=True)
class Done:
    """A finished `medflow-tui check`."""

    code: int
    text: str
    errors: str

    @property
    def table(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def targets(self) -> dict[str, dict[str, Any]]:
        return {each["target"]: each for each in self.table["targets"]}


async def check(lab: RunningLab, state: Path, *arguments: str) -> Done:
    """`medflow-tui check` as a monitoring system calls it."""
    site = str(lab.folder / "site.toml")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "medflow_tui", "check", "--site", site, "--state", str(state), "--lang", "en", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    return Done(process.returncode or 0, out.decode(), errors.decode())


async def beside_the_screen(lab: RunningLab, state: Path, scene: Scene) -> None:
    """The same through `check`, as JSON and as text."""
    told, written = await asyncio.gather(
        check(lab, state, "--json"), check(lab, state.with_name("nagios2"), "--text")
    )
    table = told.table
    assert set(table) >= {"site", "at", "verdict", "targets"}
    assert datetime.fromisoformat(table["at"]).utcoffset() is not None
    verdicts = {each.value for each in Health}
    for each in table["targets"]:
        assert all(isinstance(each[key], kind) for key, kind in SCHEMA.items()), each
        assert each["verdict"] in verdicts
        assert each["verdict"] != "stale", each
        assert each["observed_at"] is None or datetime.fromisoformat(each["observed_at"]).tzinfo is not None
        assert each["latency_ms"] is None or each["latency_ms"] >= 0
    for target, seen in scene.seen.items():
        assert told.targets[target]["verdict"] == seen.health.value, told.targets[target]
        assert seen.words in told.targets[target]["evidence"]
        assert any(target in line and seen.words in line for line in written.text.splitlines()[1:])
    troubled = {
        each["target"] for each in table["targets"] if each["verdict"] not in ("ok", "expected-offline")
    }
    assert {each for each in troubled if not is_expected(each, scene)} == set()
    assert (told.code, written.code) == (scene.exit_code, scene.exit_code), written.text
    word = ("OK", "WARNING", "CRITICAL", "UNKNOWN")[scene.exit_code]
    assert written.text.startswith(f"{word}: ")
    assert told.errors == written.errors == ""


async def ordered(lab: RunningLab, word: str, fault: str) -> None:
    """`medflow-tui lab break|mend` from a second terminal, while the dashboard lives on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "medflow_tui", "lab", word, fault, "--dir", str(lab.folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()


def is_seen(dashboard: Dashboard, target: str, seen: Seen) -> bool:
    """The verdict in the snapshot and the words in the row."""
    return (
        dashboard.health(target) is seen.health
        and seen.words in dashboard.evidence(target)
        and (seen.health is OK or dashboard.shows(seen.label or target, dashboard.evidence(target)))
    )


def is_still_said(dashboard: Dashboard, target: str, seen: Seen) -> bool:
    return dashboard.health(target) is seen.health or dashboard.shows(seen.label or target, seen.words)


async def reads_in_detail(dashboard: Dashboard, target: str, words: str) -> None:
    """The details of a target, opened by its name, say so."""
    await dashboard.press("colon")
    await dashboard.type(target)
    await dashboard.until(lambda: words in " ".join(dashboard.text.split()), f"the details say: {words}", 10)
    await dashboard.press("escape")


def is_expected(target: str, scene: Scene) -> bool:
    return target in scene.seen or any(
        target == each or (each.endswith("/") and target.startswith(each)) for each in scene.may
    )


def only_expected(dashboard: Dashboard, scene: Scene) -> list[str]:
    """Troubles of targets that this fault has nothing to do with."""
    return [
        each.target
        for each in dashboard.verdicts
        if each.health not in CALM and not is_expected(each.target, scene)
    ]


def calls_refused(lab: RunningLab) -> int:
    """How many calls to /api the backend has answered with 429, as it counts them itself."""
    counted = re.findall(
        r'^medflow_http_requests_total\{.*status_code="429"\} (\d+)$',
        lab.ask("GET", "/metrics").text,
        re.MULTILINE,
    )
    return sum(int(each) for each in counted)
