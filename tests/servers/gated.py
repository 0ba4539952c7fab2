"""A site with a playbook of its own whose steps wait until the test lets them go on: inputs, programs, a checklist, a decision."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.procedure import RunState
from medflow_tui.runner.follow import Follower
from tests.servers.queue_scene import runs_of
from tests.servers.small_site import program, surroundings, write_site
from tests.unit.playbooks.books import GUARD

PATIENCE_S = 20.0
TITLE, TITLE_FR, PHRASE = "Walk along the line", "Parcourir la ligne", "LINE WALK"
PROGRAMS, ASKING = ("look", "first", "second", "last"), ("agree", "settle")
STEPS = ("look", "first", "agree", "second", "settle", "last")
HEAD = """\
schema = 1
[playbook]
id = "walk"
version = "1.0.0"
title = "Walk along the line"
title_fr = "Parcourir la ligne"
class = "R2"
owner = "vendor"
summary = "Goes from gate to gate, and waits at each."
summary_fr = "Va de porte en porte, et attend à chacune."
fits = ["redis"]
[access]
roles = ["vendor"]
[confirm]
kind = "typed"
phrase = "{site_code} WALK"
[locks]
names = ["app:line"]
ttl_s = 60
[blast]
say = "Nobody is disturbed"
say_fr = "Personne n'est dérangé"
[[input]]
id = "colour"
kind = "choice"
label = "Which colour?"
label_fr = "Quelle couleur ?"
options = ["green", "blue"]
[[input]]
id = "note"
kind = "text"
label = "What is it for?"
label_fr = "Pour quoi faire ?"
pattern = "[a-z ]{3,40}"
"""
GATE = """
[[step]]
id = "{name}"
title = "Gate {name}"
title_fr = "Porte {name}"
say = "The gate {name} is waited for."
say_fr = "La porte {name} est attendue."
why = "Nobody passes a closed gate."
why_fr = "Nul ne passe une porte fermée."
if_it_fails = "Nothing is lost."
if_it_fails_fr = "Rien n'est perdu."
"""
READ = (
    GATE
    + """run = ["/usr/bin/head", "-n", "1", "{gate}"]
effect = "read"
[step.expect]
stdout_require = ["go"]
"""
)
CHANGE = (
    GATE
    + """run = ["/usr/bin/dd", "if={gate}", "of={made}", "oflag=append", "conv=notrunc"]
effect = "disruptive"
on_unknown = "ask"
[step.expect]
exit = [0]
"""
)
CHECKLIST = """
[[step]]
id = "agree"
title = "Read this together"
title_fr = "Lisez ensemble"
kind = "checklist"
[[step.items]]
say = "Short name on the first line"
say_fr = "Nom court de la première ligne"
answer = "{site_code}"
"""
DECISION = """
[[step]]
id = "settle"
title = "What shall become of it"
title_fr = "Que doit-il en advenir"
kind = "decision"
[[step.choices]]
id = "keep"
say = "Keep it"
say_fr = "Le garder"
[[step.choices]]
id = "halt"
say = "Stop here"
say_fr = "Arrêter ici"
stops = true
"""


@dataclass(frozen=True, slots=True)
class Gated:
    """The folder with the site file; the playbook's programs read from one pipe a step."""

    folder: Path

    @property
    def made(self) -> Path:
        """To which each changing step adds its own name once."""
        return self.folder / "made"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def folders(self) -> list[Path]:
        """Of the runs."""
        return runs_of(self.state)

    @property
    def run(self) -> RunState:
        """The newest run, read as any follower reads it."""
        return Follower(RunFolder(path=self.folders[-1])).poll().state

    def command(self, *words: str) -> tuple[str, ...]:
        """The dashboard over this site."""
        return program(self.folder, *words, site=self.folder / "site.toml")

    @property
    def surroundings(self) -> dict[str, str]:
        """Its environment; nothing of this user's is read or written."""
        home = {
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder),
        }
        return {**surroundings(), **home}

    def let_go_on(self, step: str) -> None:
        """Open the gate of the step in hand: its program gets the line that it waits for, and ends."""
        ends = time.monotonic() + PATIENCE_S
        while True:
            try:
                descriptor = os.open(self.folder / step, os.O_WRONLY | os.O_NONBLOCK)
                break
            except OSError:
                assert time.monotonic() < ends, f"nobody waits at the gate {step}"
                time.sleep(0.05)
        os.write(descriptor, f"go {step}\n".encode())
        os.close(descriptor)


def gated(folder: Path) -> Gated:
    """Write the site, its playbook and its gates."""
    found = Gated(folder)
    write_site(folder)
    shelf = folder / "playbooks"
    shelf.mkdir(mode=0o755)
    for name in PROGRAMS:
        os.mkfifo(folder / name, stat.S_IRUSR | stat.S_IWUSR)
    parts = [HEAD, *(GUARD.format(kind=each) for each in ("environment", "journal", "nobody_else"))]
    for name in STEPS:
        made = {"name": name, "gate": str(folder / name), "made": str(found.made)}
        source = {"agree": CHECKLIST, "settle": DECISION}.get(name)
        parts.append(source or (READ if name in ("look", "last") else CHANGE).format(**made))
    path = shelf / "walk.toml"
    path.write_text("".join(parts), encoding="utf-8")
    path.chmod(0o644)
    return found
