"""What is louder than a confirmation, at a terminal without a screen: passing over, putting away, taking over."""

from __future__ import annotations

import getpass
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.journal.desk import Desk
from medflow_tui.journal.orders import Orders
from medflow_tui.model.procedure import Mark, Phase
from medflow_tui.rules.reasons import put_away_name
from tests.journeys.test_acting_as_text import (
    AGREED,
    CHECK,
    PROMPT,
    REASON,
    Place,
    Talk,
    place,
)
from tests.servers.gated import CHANGE, HEAD, PHRASE, READ
from tests.servers.small_site import write_site
from tests.unit.playbooks.books import GUARD

__all__ = ["place"]  # the fixture
NEEDED = "patients wait at the door"
SHUT = """
[override]
allowed = true
roles = ["vendor"]
reason_min_chars = 20
[window]
deny = ["clinic_hours"]
deny_message = "People are working."
deny_message_fr = "Des gens travaillent."
"""


@pytest.fixture
def shut(tmp_path: Path) -> Iterator[Place]:
    """A site that is open day and night, and a playbook that waits for closing time."""
    people = f'[access.people.{getpass.getuser()}]\nroles = ["vendor"]\n'
    site = write_site(tmp_path, people)
    hours = 'opens = "00:00"\ncloses = "24:00"\ndays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\n'
    site.write_text(site.read_text().replace('timezone = "UTC"\n', f'timezone = "UTC"\n{hours}'))
    (tmp_path / "gate").write_text("go\n")
    shelf = tmp_path / "playbooks"
    shelf.mkdir(mode=0o755)
    write_walk(tmp_path, SHUT)
    found = Place(folder=tmp_path, site=site)
    yield found
    found.kill()


def write_walk(folder: Path, more: str) -> None:
    made = {"gate": str(folder / "gate"), "made": str(folder / "made")}
    parts = [HEAD.partition("[[input]]")[0], more]
    parts += [GUARD.format(kind=each) for each in ("environment", "journal", "nobody_else")]
    parts += [CHANGE.format(name="first", **made), READ.format(name="last", **made)]
    path = folder / "playbooks" / "walk.toml"
    path.write_text("".join(parts))
    path.chmod(0o644)


def test_a_window_is_passed_over_with_a_reason_a_louder_phrase_and_a_review_to_be_closed(shut: Place) -> None:
    with shut.talk("run", "walk") as talk:
        talk.signs_in()
        talk.reads("it would not start")
        talk.terminal.type("\n" * 20)  # before anybody can have read it
        talk.reads("Type  OVERRIDE  to pass over it, with a reason", "anything else leaves:")
        talk.terminal.type("OVERRIDE\n")
        talk.answers("Why must this be passed over? (20 letters at least", "too short\n")
        talk.reads("the reason is too short: 20 letters at least")
        talk.answers("Why must this be passed over?", f"{NEEDED}\n")
        talk.reads(f"Passed over, because: {NEEDED}", f"Type  OVERRIDE {PHRASE}", PROMPT)
        talk.terminal.type(f"OVERRIDE {PHRASE}\n")
        talk.reads("Started: run")
        assert talk.terminal.ended() == 0
    state = shut.until(lambda each: each.phase.is_over)
    assert state.phase is Phase.SUCCEEDED
    assert (shut.folder / "made").read_text() == "go\n"
    (review,) = Orders(shut.folder / "state").reviews()
    assert review.run == state.run
    assert len(shut.audited("override.used")) == 1
    follower = shut.dispatch.follower(state.run)
    follower.poll()
    (used,) = [each for each in follower.entries if each.mark is Mark.OVERRIDDEN]
    assert (used.facts["guards"], used.facts["why"]) == (("window",), NEEDED)


@pytest.mark.parametrize("typed", [f"{PHRASE}\n"])
def test_what_is_not_passed_over_by_its_word_is_not_started(shut: Place, typed: str) -> None:
    with shut.talk("run", "walk") as talk:
        talk.signs_in()
        talk.answers("anything else leaves:", typed)
        assert talk.terminal.ended() == 1
    assert not shut.dispatch.runs()
    assert shut.audited("plan.cancelled")[0]["result"] == {"why": "window"}


@pytest.mark.parametrize("missing", ["the playbook", "the role"])
def test_passing_over_is_offered_only_where_the_playbook_and_the_role_allow_it(
    shut: Place, missing: str
) -> None:
    if missing == "the playbook":
        write_walk(shut.folder, SHUT.replace("allowed = true", "allowed = false"))
    else:
        write_walk(shut.folder, SHUT.replace('roles = ["vendor"]', 'roles = ["dba"]'))
    with shut.talk("run", "walk") as talk:
        talk.signs_in()
        talk.reads("it would not start")
        assert talk.terminal.ended() == 1
        assert "OVERRIDE" not in talk.all
    assert not shut.dispatch.runs()


def test_a_run_is_put_away_with_a_reason_and_nothing_is_done_to_it(place: Place) -> None:
    with place.talk("run", CHECK) as talk:
        talk.answers("Why do you want to act?", REASON)
        talk.answers(PROMPT, AGREED)
        talk.reads("1 to 4")
        run = place.until(lambda each: each.phase is Phase.WAITING)
        assert place.told("resume", run.run, "--put-away")[0] == 3  # no terminal
        with place.talk("resume", run.run, "--put-away") as other:
            other.reads("stop the run first")
            assert other.terminal.ended() == 3
        os.kill(run.pid, signal.SIGKILL)
        talk.reads("with --put-away")
        assert talk.terminal.ended() == 1
    before = place.until(lambda each: not each.phase.is_alive)
    with place.talk("resume", run.run, "--put-away") as talk:
        talk.answers("Why is it put away?", "short\n")
        talk.reads("the reason is too short")
        talk.answers("Why is it put away?", "mended by hand with the vendor\n")
        talk.reads("put away, and written down")
        assert talk.terminal.ended() == 0
    noted = Desk(place.folder / "state").acknowledged(datetime.now(UTC))[put_away_name(run.run)]
    assert noted.why == "mended by hand with the vendor"
    assert place.until(lambda each: True).phase is before.phase


def test_orders_are_taken_over_only_with_a_reason_and_a_log_in_and_that_is_written_down(place: Place) -> None:
    with place.talk("run", CHECK) as talk:
        talk.answers("Why do you want to act?", REASON)
        talk.answers(PROMPT, AGREED)
        talk.reads("1 to 4")
        talk.terminal.hang_up()
        assert talk.terminal.process.wait(20) == 129
    run = place.until(lambda each: each.phase is Phase.WAITING).run
    with place.talk("resume", run) as talk:
        talk.answers("1 to 4", "1\n")
        talk.answers("Why do you want to act?", REASON)
        talk.answers("user name", "\n")
        talk.reads("no log-in was given")
        assert not place.audited("control.taken")
        talk.answers("1 to 4", "1\n")
        takes_over(talk)
        assert talk.terminal.ended() == 0
    assert len(place.audited("control.taken")) == 1
    follower = place.dispatch.follower(run)
    follower.poll()
    (taken,) = [each for each in follower.entries if each.mark is Mark.CONTROL_TAKEN]
    assert taken.facts["reason"] == REASON.strip()


def takes_over(talk: Talk) -> None:
    """The right answers to what is asked before orders are taken over."""
    talk.signs_in()
    talk.reads("to take over")
    time.sleep(2.0)  # it listens late
    talk.terminal.type("LINE\n")
