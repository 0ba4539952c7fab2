"""A playbook that asks, walked through on a real terminal: with what it asks answered, and with the line cut at every step."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from medflow_tui.journal.audit import verify
from medflow_tui.model.procedure import Phase
from tests.servers.gated import ASKING, PHRASE, STEPS, TITLE, TITLE_FR, Gated, gated
from tests.servers.lab import until
from tests.servers.sshd import Sshd, is_installed, running_sshd
from tests.servers.terminal import ENTER, F9, Terminal, running

ROOT = Path(__file__).parents[2]
NOT_YET = ("not listened to yet", "pas encore")
REASON = "the line is to be walked along"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Gated]:
    folder = tmp_path / "site"
    folder.mkdir()
    found = gated(folder)
    try:
        yield found
    finally:
        with suppress(IndexError, psutil.Error):
            if found.run.phase.is_alive:
                writer = psutil.Process(found.run.pid)
                children = writer.children(recursive=True)
                for each in (writer, *children):
                    each.kill()


@contextmanager
def dashboard(site: Gated, sshd: Sshd | None = None, language: str = "en") -> Iterator[Terminal]:
    """On this machine, or at the other end of a real SSH connection."""
    command = site.command("--lang", language)
    if sshd is not None:
        settings = [f"{name}={value}" for name, value in site.surroundings.items()]
        command = sshd.client(
            f"cd {shlex.quote(str(ROOT))} && exec {shlex.join(['env', '-i', *settings, *command])}"
        )
    with running(command, site.surroundings) as terminal:
        terminal.shows("F2 Services", "refus")  # read: the program has begun, and takes keys
        yield terminal


def raise_rights(terminal: Terminal, *questions: str) -> None:
    terminal.type("u")
    for question, answer in zip(questions, (REASON, "amani", "invented"), strict=True):
        listens(terminal, question)
        terminal.type(answer + ENTER)


ENGLISH = ("Why do you want to act?", "Your user name", "Your password")
FRENCH = ("Pourquoi voulez-vous agir", "Votre nom d'utilisateur", "Votre mot de passe")


def begin(terminal: Terminal, site: Gated) -> None:
    """From the first paint to the first gate."""
    raise_rights(terminal, *ENGLISH)
    terminal.shows("ACTING until")
    choose(terminal, "What is seen?", TITLE)
    listens(terminal, "Which colour?", "1  green", "2  blue")
    terminal.type("2" + ENTER)
    listens(terminal, "What is it for?")
    terminal.type("for a walk" + ENTER)
    terminal.shows("go on to the confirmation", "Gate first")
    terminal.type(ENTER)
    terminal.shows(f"Type  {PHRASE}  and enter to start")
    terminal.type(PHRASE + ENTER)
    terminal.shows("The gate look is waited for", "You may close this screen")


def choose(terminal: Terminal, question: str, title: str) -> None:
    """By words of its title."""
    terminal.type("b/")
    terminal.shows(question)
    terminal.type(title + ENTER)
    terminal.until(lambda: f"▸R2 {title}" in terminal.text, "it is found by its title")
    terminal.type(ENTER)


def answer(terminal: Terminal, step: str) -> None:
    """What the step asks, once the question listens."""
    question, value = {"agree": ("type what you see", "LINE"), "settle": ("The number of the answer", "1")}[
        step
    ]
    terminal.type(ENTER)
    listens(terminal, question)
    terminal.type(value + ENTER)


def title_of(step: str) -> str:
    return {"agree": "Read this together", "settle": "What shall become of it"}.get(step, f"Gate {step}")


def is_passed(site: Gated, step: str) -> bool:
    stand = next(each.stand.value for each in site.run.steps if each.id == step)
    return stand == "done"


@pytest.mark.real_server
def test_the_line_is_cut_at_every_step_and_the_run_is_found_and_followed_again(
    site: Gated, tmp_path: Path
) -> None:
    if not is_installed():
        pytest.skip("no OpenSSH server and client here")
    folder = tmp_path / "sshd"
    folder.mkdir(mode=0o700)
    with running_sshd(folder) as sshd:
        with dashboard(site, sshd) as terminal:
            begin(terminal, site)
            cut(terminal, site)
        writer = site.run.pid
        for step, following in zip(STEPS, (*STEPS[1:], ""), strict=True):
            if step not in ASKING:  # the step finishes while nobody looks
                site.let_go_on(step)
                until(lambda step=step: is_passed(site, step), f"{step} is done", 20)
            if not following:
                break
            with dashboard(site, sshd) as terminal:
                terminal.shows("F9", "a run")
                terminal.type(F9)
                if step in ASKING:
                    terminal.shows(title_of(step), "waits for an answer")
                    raise_rights(terminal, *ENGLISH)
                    take_over(terminal)
                    answer(terminal, step)
                terminal.shows(title_of(following))
                cut(terminal, site)
            assert site.run.pid == writer
    until(lambda: site.run.phase is Phase.SUCCEEDED, "the run is over", 20)
    assert site.made.read_text() == "go first\ngo second\n"
    assert verify(site.state / "audit.jsonl").holds
    with dashboard(site) as terminal:
        assert "a run that is not over" not in terminal.text
        terminal.type(F9)
        terminal.shows(TITLE, "done", "Gate last")


def test_in_french_what_a_playbook_asks_is_answered_on_the_screen_to_the_end(site: Gated) -> None:
    with dashboard(site, language="fr") as terminal:
        raise_rights(terminal, *FRENCH)
        choose(terminal, "Que voit-on", TITLE_FR)
        listens(terminal, "Quelle couleur", "1  green", "2  blue")
        terminal.type("red" + ENTER)
        listens(terminal, "ce choix n'existe pas", "Quelle couleur")
        terminal.type("blue" + ENTER)
        listens(terminal, "Pour quoi faire")
        terminal.type("une promenade" + ENTER)
        terminal.shows("Porte first", "continuer vers la confirmation")
        terminal.type(ENTER)
        listens(terminal, f"Tapez  {PHRASE}")
        terminal.type(PHRASE + ENTER)
        terminal.shows("La porte look est attendue")
        site.let_go_on("look")
        terminal.shows("La porte first est attendue")
        site.let_go_on("first")
        terminal.shows("Lisez ensemble", "Nom court de la première ligne")
        terminal.type(ENTER)
        listens(terminal, "tapez ce que vous voyez")
        terminal.type("LINE" + ENTER)
        terminal.shows("La porte second est attendue")
        site.let_go_on("second")
        terminal.shows("Le garder", "Arrêter ici")
        storm(terminal)
        terminal.shows("ne comptent pas encore")
        assert site.run.step == "settle"
        listens(terminal, "Le numéro de la réponse")
        terminal.type("1" + ENTER)
        terminal.shows("La porte last est attendue")
        site.let_go_on("last")
        terminal.until(lambda: "terminé" in terminal.text, "it is done")
        terminal.type("qqqq")
        assert terminal.ended() == 0
    assert site.run.phase is Phase.SUCCEEDED
    assert site.made.read_text() == "go first\ngo second\n"


def listens(terminal: Terminal, *words: str) -> None:
    """A question is open (what it waits for is told together with it), and after a while it listens."""
    terminal.shows(*words)
    terminal.until(lambda: not any(each in terminal.text for each in NOT_YET), "it listens")


def storm(terminal: Terminal) -> None:
    """What a person leans on, or sends from another window, before they look."""
    terminal.type(ENTER * 100 + "y" * 100 + "1" + ENTER * 100)
    terminal.type(f"\x1b[200~1\n{PHRASE}\n\x1b[201~")


def take_over(terminal: Terminal) -> None:
    """The screen that was cut off gave the orders."""
    terminal.type("o")
    listens(terminal, "Type LINE to take over")
    terminal.type("LINE" + ENTER)
    terminal.shows("heard, and written down")


def cut(terminal: Terminal, site: Gated) -> None:
    """The connection is gone: nobody says goodbye; the dashboard at its other end ends by itself."""
    ours = [
        each for each in psutil.process_iter(["cmdline"]) if str(site.state) in (each.info["cmdline"] or ())
    ]
    viewers = [each for each in ours if "sshd" not in each.name() and each.pid != terminal.process.pid]
    os.kill(terminal.process.pid, signal.SIGKILL)
    terminal.process.wait(20)
    _, left = psutil.wait_procs(viewers, 20)
    assert left == []
