"""The pictures of the README: which scene, at which size, in which language, after which keys."""

from __future__ import annotations

from dataclasses import dataclass

DESIGN, WIDE, NARROW = (80, 24), (160, 48), (40, 24)
MIDDLE, END = 0, 1  # runs of a scene
PLAN = ("b", "enter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """`keys` in Textual's names, or a text to type that begins with `=`; `shows` is a text to wait for.

    `run` is the place of the run that there is in the scene, None for none; `title` says what is to be seen.
    """

    name: str
    scene: str
    title: str = ""
    size: tuple[int, int] = DESIGN
    language: str = "en"
    keys: tuple[str, ...] = ()
    run: int | None = None
    shows: str = ""


ALBUM = (
    Shot(name="dashboard-calm-en", scene="calm", title="Dashboard of the lab: all is in order"),
    Shot(
        name="dashboard-calm-fr", scene="calm", language="fr", title="Le tableau de bord : tout est en ordre"
    ),
    Shot(
        name="dashboard-bad-en",
        scene="bad-afternoon",
        keys=("f6", "v", "f2"),
        title="Dashboard of the lab: Redis is down, a share is dead, a clinic is silent, a backup is late",
    ),
    Shot(
        name="dashboard-bad-fr",
        scene="bad-afternoon",
        language="fr",
        keys=("f6", "v", "f2"),
        title="Le tableau de bord : Redis arrêté, un partage mort, une clinique muette, une sauvegarde en retard",
    ),
    Shot(
        name="dashboard-bad-wide",
        scene="bad-afternoon",
        size=WIDE,
        title="The same on a wide terminal: latency, limits, twenty lines of log and the errors of the last hour",
    ),
    Shot(
        name="dashboard-bad-narrow",
        scene="bad-afternoon",
        size=NARROW,
        keys=("f6", "v", "f2"),
        title="The same on 40 columns",
    ),
    Shot(
        name="detail-beside",
        scene="mongodb-frozen",
        size=WIDE,
        keys=("down", "enter"),
        title="On a wide terminal the detail opens beside the list: MongoDB accepts and answers nothing",
    ),
    Shot(
        name="detail",
        scene="bad-afternoon",
        keys=("enter",),
        title="The detail of Redis: what is seen, since when, what it means, what to do",
    ),
    Shot(
        name="plan",
        scene="worker-not-started",
        keys=PLAN,
        title="The plan of a playbook, before anything happens",
    ),
    Shot(
        name="run",
        scene="worker-not-started",
        keys=("f9",),
        run=MIDDLE,
        shows="✔",
        title="A run of the playbook, followed through its journal",
    ),
    Shot(
        name="run-over",
        scene="worker-not-started",
        keys=("f9",),
        run=END,
        shows="✔",
        title="The run is over",
    ),
)
