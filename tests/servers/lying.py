"""A program under the name of a real one that says and leaves what a test wants, as one step of a playbook of three.

The playbook reads the manifest of a backup, runs the program, and reads back what is there afterwards.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from medflow_tui.model.procedure import Entry, Mark, Move
from tests.servers.runs import Bench

ENDS = {Mark.VERIFIED, Mark.FAILED, Mark.DOUBTED}
CAT = "/usr/bin/cat"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a database holds, as counted: three collections or tables, and what belongs to them.

    `content` is the sum of content hashes, `objects` how many collections or tables there are.
    """

    patients: int = 30_000
    visits: int = 19_000
    files: int = 1_000
    content: int = 8_123_456_789_012_345_678
    objects: int = 3
    indexes: int = 7
    users: int = 2
    settings: int = 4
    sessions: int = 0
    open: int = 0
    rows: int = 50_000

    def but(self, **counts: int) -> World:
        """The same with other counts; `rows` follows its parts."""
        found = replace(self, **counts)
        return replace(found, rows=found.patients + found.visits + found.files)

    def written(self) -> str:
        return "".join(f"{name} {count}\n" for name, count in asdict(self).items())


WHOLE = World()
NOTHING = WHOLE.but(patients=0, visits=0, files=0, content=0, objects=0, indexes=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """How a tool is run, and the `[step.expect]` that a playbook declares for it."""

    name: str
    args: tuple[str, ...]
    expect: str
    effect: str = "additive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fake:
    """One program: its words, how it ends, and what is true afterwards; `at` is the step that must not pass, and `why`.

    `signal` is by which it dies. One that `lingers` ends by itself only when it is asked to, and then as if all was well.
    """

    promise: Promise
    why: str
    error: str = ""
    out: str = ""
    code: int = 0
    signal: str = ""
    lingers: bool = False
    after: World = WHOLE
    manifest: World = WHOLE
    at: str = "work"


HEAD = """\
schema = 1
[playbook]
id = "lying"
version = "1.0.0"
title = "Load"
title_fr = "Charger"
class = "R2"
owner = "dba"
summary = "Loads a backup beside the live data."
summary_fr = "Charge une sauvegarde à côté."
[access]
roles = ["dba"]
[confirm]
kind = "typed"
phrase = "LOAD {site_code}"
[locks]
names = ["db:medflow"]
ttl_s = 60
[blast]
say = "Nobody is disturbed"
say_fr = "Personne n'est dérangé"
"""
GUARD = """
[[guard]]
id = "{0}"
kind = "{0}"
why = "So that it holds."
why_fr = "Pour que cela tienne."
fix = "Mend it."
fix_fr = "Réparez."
"""
STEP = """
[[step]]
id = "{id}"
title = "Step"
title_fr = "Étape"
run = [{run}]
effect = "{effect}"
{more}
[step.expect]
{expect}
"""
SCRIPT = """\
#!/bin/sh
speak() {{ cat "$0.err" >&2; cat "$0.out"; cp "$0.after" "$0.db"; }}
{body}
"""
LINGERS = "trap 'speak; exit 0' TERM\nsleep 20 &\nwait $!\nexit 9"


def counted(*, as_promised: bool) -> str:
    """What the counts must look like: those of a manifest are of something, those read back are the manifest's."""
    most = {} if as_promised else {"rows": r"[1-9]\d*", "content": r"[1-9]\d*"}
    names = tuple(asdict(WHOLE))
    words = ", ".join(f"'^{name} (?P<{name}>{most.get(name, chr(92) + 'd+')})$'" for name in names)
    numbers = ", ".join(f'{name} = "manifest.{name}"' for name in names) if as_promised else ""
    return f"stdout_require = [{words}]\nstderr_forbid = ['.']\nnumbers = {{ {numbers} }}"


def write_playbook(shelf: Path, promise: Promise, program: Path, *, seconds: int = 60) -> None:
    """The playbook, whose middle step runs `program`."""

    def step(name: str, run: tuple[str, ...], expect: str, effect: str = "read", more: str = "") -> str:
        listed = ", ".join(f"'{each}'" for each in run)
        return STEP.format(id=name, run=listed, effect=effect, more=more, expect=expect)

    changing = f'on_unknown = "ask"\ntimeout_s = {seconds}'
    shelf.mkdir(parents=True)
    (shelf / "lying.toml").write_text(
        HEAD
        + "".join(GUARD.format(kind) for kind in ("environment", "journal", "nobody_else"))
        + step("manifest", (CAT, f"{program}.manifest"), counted(as_promised=False))
        + step("work", (str(program), *promise.args), promise.expect, promise.effect, changing)
        + step("read_back", (CAT, f"{program}.db"), counted(as_promised=True)),
        encoding="utf-8",
    )


def run(folder: Path, fake: Fake) -> tuple[Move, tuple[Entry, ...]]:
    """The whole run of a playbook with this program, in this process, and its journal."""
    program = folder / "bin" / fake.promise.name
    program.parent.mkdir()
    body = LINGERS if fake.lingers else f"speak\nexit {fake.code}"
    if fake.signal:
        body = f"speak\nkill -{fake.signal} $$\nexit 9"
    program.write_text(SCRIPT.format(body=body), encoding="utf-8")
    program.chmod(0o700)
    for kind, text in {
        "err": fake.error,
        "out": fake.out,
        "manifest": fake.manifest.written(),
        "after": fake.after.written(),
        "db": NOTHING.written(),
    }.items():
        program.with_name(f"{program.name}.{kind}").write_text(text, encoding="utf-8")
    write_playbook(folder / "shelf", fake.promise, program, seconds=1 if fake.lingers else 60)
    bench = Bench(name="lying", targets=(), state=folder / "state", shelf=folder / "shelf")
    order = bench.order()
    return bench.run(order), bench.entries(order)


def conclusion(entries: tuple[Entry, ...], step: str) -> Entry | None:
    """The line of the journal that says how a step ended."""
    return next((each for each in reversed(entries) if each.step == step and each.mark in ENDS), None)
