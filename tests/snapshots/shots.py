"""What is kept of the screens: each calm and in trouble, in both languages, at the sizes for which they are made."""

from __future__ import annotations

from dataclasses import replace

from medflow_tui.lab.scenes.album import END, MIDDLE, NARROW, WIDE, Shot

RAISED = ("u", "=device images are missing", "enter", "=amani", "enter", "=invented", "enter")

EACH = (
    Shot(name="dashboard-calm", scene="calm"),
    Shot(name="dashboard-calm-wide", scene="calm", size=WIDE),
    Shot(name="dashboard-calm-narrow", scene="calm", size=NARROW),
    Shot(name="dashboard-bad-afternoon", scene="bad-afternoon"),
    Shot(name="dashboard-bad-afternoon-wide", scene="bad-afternoon", size=WIDE),
    Shot(name="dashboard-bad-afternoon-narrow", scene="bad-afternoon", size=NARROW),
    Shot(name="dashboard-mongodb-frozen", scene="mongodb-frozen"),
    Shot(name="dashboard-worker-not-started", scene="worker-not-started"),
    Shot(name="dashboard-clinic-closed", scene="clinic-closed"),
    Shot(name="dashboard-too-small", scene="calm", size=(38, 10)),
    Shot(name="dashboard-problems-only", scene="bad-afternoon", keys=("exclamation_mark",)),
    Shot(name="dashboard-filtered", scene="calm", keys=("slash", "=zeiss", "enter")),
    Shot(name="dashboard-asks", scene="calm", keys=("slash", "=zei")),
    Shot(name="dashboard-low", scene="bad-afternoon", keys=("z",)),
    Shot(name="dashboard-paused", scene="bad-afternoon", keys=("p",)),
    Shot(name="dashboard-acting", scene="worker-not-started", keys=RAISED),
    Shot(name="pane-maximised", scene="bad-afternoon", keys=("f4", "m")),
    Shot(name="log-calm-maximised", scene="calm", keys=("f6", "m")),
    Shot(
        name="log-bad-afternoon-filtered",
        scene="bad-afternoon",
        keys=("f6", "m", "v", "slash", "=redis", "enter"),
    ),
    Shot(name="detail-calm", scene="calm", keys=("enter",)),
    Shot(name="detail-bad-afternoon", scene="bad-afternoon", keys=("enter",)),
    Shot(name="detail-bad-afternoon-beside", scene="bad-afternoon", size=WIDE, keys=("f4", "enter")),
    Shot(name="detail-bad-afternoon-narrow", scene="bad-afternoon", size=NARROW, keys=("enter",)),
    Shot(name="playbooks-calm", scene="calm", keys=("b",)),
    Shot(name="playbooks-worker-not-started", scene="worker-not-started", keys=("b",)),
    Shot(name="plan-read-only", scene="worker-not-started", keys=("b", "enter")),
    Shot(name="plan-acting", scene="worker-not-started", keys=(*RAISED, "b", "enter")),
    Shot(
        name="plan-confirm",
        scene="worker-not-started",
        keys=(*RAISED, "b", "enter", "enter"),
        shows="MATRIX_KIN SYNC",
    ),
    Shot(
        name="plan-confirm-low",
        scene="worker-not-started",
        keys=("z", *RAISED, "b", "enter", "enter"),
        shows="MATRIX_KIN SYNC",
    ),
    Shot(name="run-in-the-middle", scene="worker-not-started", keys=("f9",), run=MIDDLE, shows="✔"),
    Shot(name="run-all-steps", scene="worker-not-started", keys=("f9", "t"), run=MIDDLE, shows="✔ 1"),
    Shot(name="runs", scene="worker-not-started", keys=("f9", "f9"), run=END, shows="amani"),
    Shot(name="playbooks-searched", scene="worker-not-started", keys=("b", "slash", "=images", "enter")),
    Shot(name="run-over", scene="worker-not-started", keys=("f9",), run=END, shows="✔"),
    Shot(name="help-dashboard", scene="calm", keys=("question_mark",)),
    Shot(name="help-log", scene="calm", keys=("f6", "question_mark")),
)
SHOTS = tuple(
    replace(shot, name=f"{shot.name}-{language}", language=language)
    for shot in EACH
    for language in ("en", "fr")
)
