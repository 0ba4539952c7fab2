"""Every key does what its help says, at every size, over frozen snapshots; what people write down survives a restart."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.journal.desk import Desk
from medflow_tui.journal.history import HistoryReader
from medflow_tui.lab.pulse import STILL_AT, pulse_snapshots, still_snapshot
from medflow_tui.locale.language import Language
from medflow_tui.model.health import Health, Snapshot, Verdict
from medflow_tui.model.log import Level, LogLine
from medflow_tui.model.site import Site
from medflow_tui.model.target import PANES
from medflow_tui.model.targets.log import LogTarget
from medflow_tui.model.words import say
from medflow_tui.monitor.replay import Replay, ReplayedLog
from medflow_tui.ui.commands import COMMANDS, DASHBOARD, DETAIL, LOG, at, shown_key
from medflow_tui.ui.present.health import UNICODE
from medflow_tui.ui.session import Session
from tests.servers.dashboard import Dashboard, opened, shown

SIZES = [(80, 24), (40, 12), (160, 48)]
TROUBLED = {
    "services-001": (Health.CRITICAL, say("refused")),
    "clinics-006": (Health.WARNING, say("late by 3 h")),
    "backups-019": (Health.UNKNOWN, say("folder not read")),
}
LINES = (
    (Level.INFO, "ready to serve"),
    (Level.WARN, "slow answer of the printer"),
    (Level.ERROR, "first thing broke"),
    (Level.INFO, "ready again"),
    (Level.DEBUG, "a detail for developers"),
    (Level.ERROR, "second thing broke"),
    (Level.WARN, "paper is low"),
    (Level.INFO, "all is well"),
)


class CountingLog(ReplayedLog):
    """Remembers whether it is paused."""

    is_paused = False

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False


@dataclass(slots=True)
class Asked:
    """A frozen monitor that remembers what it was asked to read."""

    replay: Replay
    names: list[str | None] = field(default_factory=list)

    @property
    def snapshot(self) -> Snapshot:
        return self.replay.snapshot

    def start(self) -> None:
        self.replay.start()

    def stop(self) -> None:
        self.replay.stop()

    def read_now(self, name: str | None = None) -> None:
        self.names.append(name)

    def set_people(self, acknowledged: Any, maintenance: Any) -> None:
        self.replay.set_people(acknowledged, maintenance)


def troubled() -> Snapshot:
    calm = still_snapshot()
    return replace(calm, verdicts=tuple(_troubled(each) for each in calm.verdicts))


def _troubled(verdict: Verdict) -> Verdict:
    health, evidence = TROUBLED.get(verdict.target, (verdict.health, verdict.evidence))
    return replace(verdict, health=health, evidence=evidence)


def log_lines() -> Iterator[LogLine]:
    for second, (level, text) in enumerate(LINES):
        yield LogLine(
            at=STILL_AT + timedelta(seconds=second), level=level, source="test", text=text, key=text
        )


@asynccontextmanager
async def frozen(
    folder: Path, *, size: tuple[int, int] = (80, 24), language: str = "en"
) -> AsyncIterator[Dashboard]:
    """The application over one snapshot with three problems and a log of eight lines."""
    snapshot = troubled()
    session = Session(
        site=Site(
            code="LAB",
            name="Lab",
            environment="lab",
            bell=False,
            targets=(LogTarget(name="log", paths=("app.log",)),),
        ),
        language=Language(language),
        glyphs=UNICODE,
        now=lambda: STILL_AT,
        state=folder,
        who="test",
        looking_for=lambda publish: Asked(Replay(iter((snapshot,)), publish, 0)),
        history=HistoryReader(folder),
        desk=Desk(folder),
        follower=CountingLog(tuple(log_lines())),
    )
    async with shown(session, size=size) as dashboard:
        await dashboard.until(lambda: "all is well" in dashboard.text, "the log is shown", 10)
        await dashboard.pilot.pause()
        yield dashboard


def focused(dashboard: Dashboard) -> str:
    return str(getattr(dashboard.app.screen.focused, "id", ""))


def is_top(dashboard: Dashboard) -> bool:
    return dashboard.app.screen is dashboard.app.dashboard


class TestPanes:
    @pytest.mark.parametrize("size", SIZES)
    async def test_f_keys_digits_and_the_digits_of_a_french_keyboard_reach_the_panes(
        self, tmp_path: Path, size: tuple[int, int]
    ) -> None:
        azerty = ("ampersand", "é", "quotation_mark", "apostrophe", "left_parenthesis")
        async with frozen(tmp_path, size=size) as dashboard:
            for keys in (("f2", "f3", "f4", "f5", "f6"), ("1", "2", "3", "4", "5"), azerty):
                for key, pane in zip(keys, PANES, strict=True):
                    await dashboard.press(key)
                    assert focused(dashboard) == pane, key
                    assert sum("▸F" in line for line in dashboard.lines) == 1

    async def test_tab_goes_round_and_shift_tab_back(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            seen = []
            for key in ("tab",) * 5 + ("shift+tab",) * 5:
                await dashboard.press(key)
                seen.append(focused(dashboard))
            assert seen == [*PANES[1:], PANES[0], *reversed(PANES)]
            await dashboard.press("l")
            assert focused(dashboard) == "log"

    async def test_moving_keys_move_the_marker_and_the_ends_hold(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            order = ["bravo", "alpha", "charlie", "delta", "echo"]  # the critical one first
            assert marked(dashboard) == order[0]
            for key, row in (
                *(("j", order[1]), ("down", order[2]), ("k", order[1]), ("up", order[0]), ("k", order[0])),
                *(("G", order[4]), ("j", order[4]), ("g", order[0]), ("end", order[4]), ("home", order[0])),
                *(("pagedown", order[4]), ("pageup", order[0])),
            ):
                await dashboard.press(key)
                assert marked(dashboard) == row, key

    @pytest.mark.parametrize("size", SIZES)
    async def test_m_shows_one_pane_alone_and_all_again(self, tmp_path: Path, size: tuple[int, int]) -> None:
        async with frozen(tmp_path, size=size) as dashboard:
            before = dashboard.lines
            await dashboard.press("m")
            assert [name for name in ("F2", "F3", "F4", "F5", "F6") if name in dashboard.text] == ["F2"]
            for row in ("alpha", "bravo", "charlie", "delta", "echo"):
                assert row in dashboard.text
            await dashboard.press("f4")
            assert [name for name in ("F2", "F3", "F4", "F5", "F6") if name in dashboard.text] == ["F4"]
            await dashboard.press("f2", "m")
            assert dashboard.lines == before
            await dashboard.press("m", "escape")
            assert dashboard.lines == before
            await dashboard.press("m", "q")
            assert dashboard.lines == before
            assert dashboard.app._running


class TestRows:
    async def test_slash_shows_only_rows_with_these_words_and_escape_all_again(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            before = dashboard.lines
            await dashboard.press("slash")
            await dashboard.type("refused")
            assert "/refused" in dashboard.lines[-1]
            assert [each for each in ("alpha", "bravo", "charlie") if each in dashboard.text] == ["bravo"]
            assert "nothing to show here" in dashboard.text
            assert "✖ 1" in dashboard.lines[2], "the counts are those of all rows"
            await dashboard.press("ctrl+f")
            for _ in "refused":
                await dashboard.press("backspace")
            await dashboard.type("late by")
            assert "▲ alpha" not in dashboard.text
            assert "▲ bravo" in dashboard.text
            await dashboard.press("escape")
            assert dashboard.lines == before
            await dashboard.press("slash", "x", "y", "escape")
            assert dashboard.lines == before

    async def test_exclamation_mark_shows_problems_only_and_all_again(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            before = dashboard.lines
            await dashboard.press("exclamation_mark")
            assert "problems only" in dashboard.lines[-1]
            signs = "".join(line[1] for line in dashboard.lines[2:-1])
            assert "●" not in [line[1] for line in dashboard.lines[3:9]]
            assert "✖" in signs
            await dashboard.press("exclamation_mark")
            assert dashboard.lines == before

    @pytest.mark.parametrize("size", [(80, 24), (40, 12)])
    @pytest.mark.parametrize("key", ["enter", "d"])
    async def test_enter_opens_the_details_of_the_row_and_escape_and_q_lead_back(
        self, tmp_path: Path, size: tuple[int, int], key: str
    ) -> None:
        async with frozen(tmp_path, size=size) as dashboard:
            before = dashboard.lines
            for back in ("escape", "q"):
                await dashboard.press(key)
                assert not is_top(dashboard)
                assert "bravo" in dashboard.lines[0]
                assert "critical" in dashboard.lines[0]
                assert "refused" in dashboard.text
                for each in ("j", "k", "G", "g", "pagedown", "pageup"):
                    await dashboard.press(each)
                await dashboard.press("r")
                assert dashboard.app.looking.names[-1] == "services-001"  # type: ignore[attr-defined]
                await dashboard.press(back, *(["escape"] if not is_top(dashboard) else []))
                await dashboard.until(lambda: is_top(dashboard), "back at the top", 5)
                await dashboard.press("escape")
            assert dashboard.lines == before

    async def test_enter_in_a_wide_terminal_opens_the_details_beside_the_list_which_keeps_its_keys(
        self, tmp_path: Path
    ) -> None:
        async with frozen(tmp_path, size=(160, 48)) as dashboard:
            await dashboard.press("enter")
            await dashboard.until(lambda: "services-001" in dashboard.text, "the details of the row", 5)
            assert is_top(dashboard)
            await dashboard.press("j")
            await dashboard.until(lambda: "services-000" in dashboard.text, "the details of the next row", 5)
            await dashboard.press("escape")
            await dashboard.until(lambda: "services-000" not in dashboard.text, "the list alone", 5)

    async def test_r_reads_the_row_again_and_all_when_a_pane_is_alone(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("r")
            assert "reading again" in dashboard.lines[1]
            await dashboard.press("escape", "ctrl+r", "m", "r")
            assert dashboard.app.looking.names == ["services-001", "services-001", None]  # type: ignore[attr-defined]
            await dashboard.press("escape")
            assert "reading again" not in dashboard.text


class TestPause:
    async def test_p_holds_the_screen_still_and_goes_on(self, tmp_path: Path) -> None:
        snapshots = pulse_snapshots()
        async with frozen(tmp_path) as dashboard:
            follower = dashboard.app.session.follower
            assert isinstance(follower, CountingLog)
            await dashboard.press("p")
            assert follower.is_paused
            assert "PAUSED" in dashboard.lines[0]
            held = dashboard.lines
            painted = count_paints(dashboard)
            for snapshot in itertools.islice(snapshots, 5):
                dashboard.app._publish(snapshot)
                await dashboard.pilot.pause(0.05)
            dashboard.app.dashboard.tick()
            await dashboard.pilot.pause(0.05)
            assert dashboard.lines == held
            assert painted() == 0
            await dashboard.press("p")
            assert not follower.is_paused
            assert "PAUSED" not in dashboard.text
            assert dashboard.lines[3:9] != held[3:9]


class TestLog:
    async def test_v_goes_through_the_levels_and_back_to_the_first(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("f6", "m")
            found = []
            for _ in range(5):
                found.append([text for _, text in LINES if text in dashboard.text])
                await dashboard.press("v")
            by_level = [
                [text for level, text in LINES if level >= least]
                for least in (Level.INFO, Level.WARN, Level.ERROR, Level.TRACE, Level.INFO)
            ]
            assert found == by_level

    async def test_exclamation_mark_in_the_log_is_warnings_and_above(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("f6", "m", "exclamation_mark")
            assert "ready to serve" not in dashboard.text
            assert "paper is low" in dashboard.text
            assert "level: warn and above" in dashboard.text
            await dashboard.press("exclamation_mark")
            assert "ready to serve" in dashboard.text

    async def test_slash_and_minus_keep_and_leave_out_lines_by_expression(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("f6", "m", "slash")
            await dashboard.type("thing|well")
            assert [text for _, text in LINES if text in dashboard.text] == [
                "first thing broke",
                "second thing broke",
                "all is well",
            ]
            await dashboard.press("minus")
            await dashboard.type("second")
            assert "second thing broke" not in dashboard.text
            assert "/thing|well" in dashboard.text
            assert "-second" in dashboard.text
            await dashboard.press("slash")
            for _ in "thing|well":
                await dashboard.press("backspace")
            await dashboard.pilot.press("left_square_bracket", "enter")
            await dashboard.pilot.pause()
            assert "not a regular expression" in dashboard.lines[1]
            assert "first thing broke" in dashboard.text, "the old filter holds"

    async def test_e_and_w_jump_to_the_next_and_the_capitals_to_the_one_before(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("f6", "m", "g")
            for key, text in (
                *(("e", "first thing broke"), ("e", "second thing broke"), ("E", "first thing broke")),
                *(
                    ("W", "slow answer of the printer"),
                    ("w", "first thing broke"),
                    ("w", "second thing broke"),
                ),
                ("w", "paper is low"),
            ):
                await dashboard.press(key)
                assert text in next(line for line in dashboard.lines[3:] if line.startswith("▸")), key
            await dashboard.press("e")
            assert "no further line of this level" in dashboard.lines[1]
            await dashboard.press("G")
            assert "not following" not in dashboard.text


class TestCommand:
    async def test_a_command_is_carried_out_by_its_name(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("colon")
            assert "command, or the name of a target" in dashboard.text
            await dashboard.type("problems")
            await dashboard.until(lambda: "problems only" in dashboard.lines[-1], "it was carried out", 5)
            await dashboard.press("ctrl+p")
            await dashboard.type("help")
            await dashboard.until(lambda: "Help" in dashboard.lines[0], "it was carried out", 5)

    @pytest.mark.parametrize("name", ["clinics-006", "CLINICS-006"])
    async def test_a_target_is_opened_by_its_name(self, tmp_path: Path, name: str) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("colon")
            await dashboard.type(name)
            assert "late by 3 h" in dashboard.text
            assert "warning" in dashboard.lines[0]
            await dashboard.press("escape")
            assert focused(dashboard) == "clinics"
            assert marked(dashboard, column=43) == "bravo"

    async def test_an_unknown_one_gets_the_nearest_and_changes_nothing(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            before = dashboard.lines
            for typed, near in (
                ("problms", "problems"),
                ("clinics-06", "clinics-00"),
                ("maximize", "maximise"),
            ):
                await dashboard.press("colon")
                await dashboard.type(typed)
                assert f"no command and no target {typed}" in dashboard.lines[1]
                assert near in dashboard.lines[1]
                await dashboard.press("escape")
            await dashboard.press("colon", "enter")
            assert dashboard.lines == before

    async def test_what_is_typed_is_never_taken_as_markup(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("colon")
            for key in ("left_square_bracket", "slash", "r", "e", "d", "right_square_bracket", "enter"):
                await dashboard.pilot.press(key)
            await dashboard.pilot.pause()
            assert "no command and no target [/red]" in dashboard.lines[1]

    @pytest.mark.parametrize("language", ["en", "fr"])
    async def test_every_command_of_the_list_can_be_typed(self, tmp_path: Path, language: str) -> None:
        async with frozen(tmp_path, language=language) as dashboard:
            for command in COMMANDS:
                if command.name == "quit":
                    continue
                await dashboard.press("f2", "colon")
                await dashboard.type(command.name)
                unknown = "no command and no target" if language == "en" else "ni commande ni cible"
                assert unknown not in dashboard.text, command.name
                assert dashboard.app._running
                for _ in range(6):
                    if is_top(dashboard) and not dashboard.app.dashboard.view.maximised:
                        break
                    await dashboard.press("escape")
                if dashboard.app.dashboard.view.paused:
                    await dashboard.press("p")


class TestHelp:
    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("place", [DASHBOARD, LOG, DETAIL])
    async def test_it_lists_every_key_of_the_place(
        self, tmp_path: Path, size: tuple[int, int], place: str
    ) -> None:
        async with frozen(tmp_path, size=size) as dashboard:
            match place:
                case "log":
                    await dashboard.press("f6")
                case "detail":
                    await dashboard.press("colon")
                    await dashboard.type("services-001")
            await dashboard.press("question_mark")
            rows = rows_of(await whole_page(dashboard))
            for command in at(place):
                words = dashboard.app.session.language.say(command.help)
                keys = [shown_key(each) for each in command.keys]
                assert any(row == [*keys, *words.split()] for row in rows), f"{command.name}: {words}"
            await dashboard.press("escape")
            assert "Help" not in dashboard.lines[0]

    async def test_it_says_nothing_of_the_log_in_another_pane(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("f1")
            assert not [each for each in await whole_page(dashboard) if "log: the next error" in each]


class TestLeaving:
    async def test_escape_never_quits(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press(*["escape"] * 5)
            await dashboard.press("enter", *["escape"] * 5, "question_mark", *["escape"] * 5)
            await dashboard.press("slash", *["escape"] * 5, "m", *["escape"] * 5)
            assert dashboard.app._running
            assert not dashboard.app._exit
            assert is_top(dashboard)

    @pytest.mark.parametrize("key", ["q", "ctrl+q"])
    async def test_q_leads_back_and_quits_at_the_top_with_0(self, tmp_path: Path, key: str) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("question_mark", key)
            assert is_top(dashboard)
            assert not dashboard.app._exit
            await dashboard.pilot.press(key)
            await dashboard.pilot.pause()
            assert dashboard.app._exit
            assert dashboard.app.return_code == 0

    async def test_ctrl_c_interrupts_nothing_and_quits_at_the_top_when_pressed_twice(
        self, tmp_path: Path
    ) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("question_mark", "ctrl+c", "ctrl+c")
            assert not dashboard.app._exit
            await dashboard.press("escape", "escape", "ctrl+c")
            assert "once more" in dashboard.lines[1]
            assert not dashboard.app._exit
            await dashboard.pilot.press("ctrl+c")
            await dashboard.pilot.pause()
            assert dashboard.app._exit

    async def test_q_in_a_question_is_a_letter(self, tmp_path: Path) -> None:
        async with frozen(tmp_path) as dashboard:
            await dashboard.press("slash", "q")
            assert not dashboard.app._exit
            await dashboard.press("escape")
            assert is_top(dashboard)


EVERYWHERE = (
    *(((80, 24), "en", (pane,)) for pane in ("f2", "f3", "f4", "f5", "f6")),
    *(((80, 24), "en", ("f2", key)) for key in ("enter", "question_mark", "m")),
    *(((40, 12), "fr", (pane,)) for pane in ("f2", "f6")),
    *(((160, 48), "en", (pane,)) for pane in ("f2", "f6")),
    ((240, 60), "fr", ("f4",)),
)


@pytest.mark.parametrize(("size", "language", "start"), EVERYWHERE)
async def test_no_key_of_the_list_breaks_the_application_wherever_one_is(
    tmp_path: Path, size: tuple[int, int], language: str, start: tuple[str, ...]
) -> None:
    """Every key in every pane, in the details, in the help; after each the way back to the top is found."""
    keys = [key for each in COMMANDS if each.name != "quit" for key in each.keys]
    async with frozen(tmp_path, size=size, language=language) as dashboard:
        app = dashboard.app
        for key in keys:
            if len(start) > 1 or focused(dashboard) != PANES[int(start[0][1]) - 2]:
                await dashboard.pilot.press(*start)
            await dashboard.pilot.press(key)
            for _ in range(6):
                if is_top(dashboard) and not app.dashboard.view.maximised:
                    break
                await dashboard.pilot.press("escape")
            if app.dashboard.view.paused:
                await dashboard.pilot.press("p")
            assert app._running, key
            assert app.fault is None, key
            assert is_top(dashboard), key
        await dashboard.press("ctrl+l")
        assert "F2" in dashboard.text


class TestPeople:
    """Over the real monitor: one Redis that is not there."""

    @pytest.fixture
    def site(self, tmp_path: Path) -> Path:
        path = tmp_path / "site.toml"
        path.write_text(
            '[site]\ncode = "T"\nname = "Test"\nenvironment = "drill"\ntimezone = "UTC"\n\n'
            '[target.redis]\nkind = "redis"\naddress = "redis://127.0.0.1:1/0"\ninterval_s = 1\n'
        )
        return path

    async def test_an_acknowledgement_shows_who_why_and_until_when_and_is_kept_after_a_restart(
        self, site: Path, tmp_path: Path
    ) -> None:
        state = tmp_path / "state"
        began = datetime.now(UTC)
        async with opened(site, state) as dashboard:
            await dashboard.until(lambda: dashboard.health("redis") is Health.CRITICAL, "redis is critical")
            await dashboard.press("a")
            assert "redis: you are on it for how long, and why?" in dashboard.text
            await dashboard.type("soon")
            assert "not written: begin with a length" in dashboard.lines[1]
            await dashboard.press("escape", "a")
            await dashboard.type("2 h waiting for the electrician")
            await dashboard.until(lambda: "✎ refused" in dashboard.text, "it is marked as somebody's", 10)
            assert dashboard.health("redis") is Health.CRITICAL, "it changes no verdict"
            verdict = dashboard.verdict("redis")
            assert verdict is not None
            assert verdict.acknowledged is not None
            length = verdict.acknowledged.until - began
            assert timedelta(hours=1, minutes=59) < length < timedelta(hours=2, minutes=1)
        async with opened(site, state) as dashboard:
            await dashboard.until(lambda: "✎ refused" in dashboard.text, "it is kept", 20)
            await dashboard.press("enter")
            until = dashboard.app.session.language.moment(verdict.acknowledged.until)
            words = f"is on it until {until}: waiting for the electrician"
            await dashboard.until(lambda: words in " ".join(dashboard.text.split()), words, 10)

    async def test_an_acknowledgement_ends_at_its_time(self, site: Path, tmp_path: Path) -> None:
        from medflow_tui.model.health import Acknowledgement

        now, state = datetime.now(UTC), tmp_path / "state"
        Desk(state).acknowledge(
            Acknowledgement(
                target="redis", who="test", why="soon over", at=now, until=now + timedelta(seconds=4)
            )
        )
        async with opened(site, state) as dashboard:
            await dashboard.until(lambda: "✎ refused" in dashboard.text, "it is shown", 10)
            await dashboard.until(lambda: "✎" not in dashboard.text, "it is over", 15)
            assert dashboard.health("redis") is Health.CRITICAL

    async def test_a_maintenance_window_is_shown_changes_no_verdict_and_is_kept(
        self, site: Path, tmp_path: Path
    ) -> None:
        state = tmp_path / "state"
        async with opened(site, state) as dashboard:
            await dashboard.until(lambda: dashboard.health("redis") is Health.CRITICAL, "redis is critical")
            await dashboard.press("o")
            await dashboard.type("30 min new disk")
            await dashboard.until(lambda: "◇ refused" in dashboard.text, "the work is announced", 10)
            assert dashboard.health("redis") is Health.CRITICAL
        async with opened(site, state) as dashboard:
            await dashboard.until(lambda: "◇ refused" in dashboard.text, "it is kept", 20)
            await dashboard.press("enter")
            await dashboard.until(lambda: "new disk" in dashboard.text, "what it is", 10)

    async def test_a_name_or_a_secret_typed_as_a_reason_is_written_redacted(
        self, site: Path, tmp_path: Path
    ) -> None:
        state = tmp_path / "state"
        async with opened(site, state) as dashboard:
            await dashboard.until(lambda: dashboard.health("redis") is Health.CRITICAL, "redis is critical")
            await dashboard.press("a")
            await dashboard.type("1 h password=Invente-7731")
            await dashboard.until(lambda: "✎ refused" in dashboard.text, "it is written", 10)
        assert b"Invente-7731" not in b"".join(
            each.read_bytes() for each in state.rglob("*") if each.is_file()
        )


def marked(dashboard: Dashboard, column: int = 0) -> str:
    """The name of the row with the marker, in the panes that begin at a column."""
    lines = [line[column:] for line in dashboard.lines[2:-1]]
    row = next((each for each in lines if each.startswith("▸") and "F" not in each[1:3]), "")
    return row[3:12].split()[0] if row else ""


def count_paints(dashboard: Dashboard) -> Any:
    """Counts what is handed to the terminal from now on."""
    painted: list[Any] = []
    display = dashboard.app._display

    def counting(screen: Any, renderable: Any) -> None:
        if renderable is not None:
            painted.append(renderable)
        display(screen, renderable)

    dashboard.app._display = counting  # type: ignore[method-assign]
    return lambda: len(painted)


def rows_of(text: list[str]) -> list[list[str]]:
    """The words of each row of a help text, with the lines that continue it."""
    rows: list[list[str]] = []
    for line in text:
        if line.startswith("     ") and line.strip() and rows:
            rows[-1] += line.split()
        else:
            rows.append(line.split())
    return rows


async def whole_page(dashboard: Dashboard) -> list[str]:
    """Every line of a text between its title and the key bar, page by page: each shows again what was last."""
    found: list[str] = []
    await dashboard.press("g")
    for _ in range(50):
        before = dashboard.lines[1:-1]
        again = next(
            each for each in range(len(before), -1, -1) if found[len(found) - each :] == before[:each]
        )
        found += before[again:]
        await dashboard.press("pagedown")
        if dashboard.lines[1:-1] == before:
            return found
    raise AssertionError("the text has no end")
