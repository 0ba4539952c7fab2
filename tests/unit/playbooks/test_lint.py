"""Every rule over a playbook is broken once, and said; the one that uses everything loads."""

from __future__ import annotations

import re

import pytest

from medflow_tui.model.playbook import OnFail, OnUnknown, Playbook, StepKind
from medflow_tui.playbooks.checking import of_actions, of_file, of_site
from medflow_tui.playbooks.lint import check
from medflow_tui.playbooks.load import admit, load_all, parse, read, shipped
from medflow_tui.playbooks.reading import PlaybookError
from medflow_tui.rules.filling import fill
from medflow_tui.wiring.crews import known_actions
from tests.unit.playbooks.books import FULL, SOUND, book


def complaints(source: str) -> str:
    try:
        found = list(check(read(source, "p.toml")))
    except PlaybookError as error:
        found = [error.phrase]
    return " ".join(str(PlaybookError(part)) for each in found for part in (each, *each.parts))


def test_a_playbook_may_use_everything() -> None:
    full = parse(FULL, "p.toml")
    assert full.hold("app_stopped").survives_reboot  # type: ignore[union-attr]
    load, agree, stop, switch, check_live, *_, settle, look = full.steps
    assert load.on_unknown is OnUnknown.CLEAN
    assert load.expect is not None
    assert load.expect.numbers == {"failed_documents": 0, "restored": "plan.documents"}
    assert [each.id for each in agree.items] == ["item1", "item2"]
    assert (agree.kind, agree.needs_people, agree.timeout_s) == (StepKind.CHECKLIST, 2, 1800)
    assert stop.holds == ("app_stopped",)
    assert (switch.undo, dict(switch.undo_args), switch.undo_valid_s) == (
        "mongo.switch_back",
        {"keep": True},
        86400,
    )
    assert (check_live.on_fail, check_live.undo_to) == (OnFail.UNDO, "switch")
    assert settle.choices[1].stops
    assert look.action == "program.run"
    assert (full.limits.max_runs, full.limits.escalate_to) == (2, "dba")
    assert (full.approval.count, full.override.reason_min_chars, full.reauth_s) == (1, 40, 300)
    assert full.window.deny == ("clinic_hours",)


RULES = [
    (r'^class = "R4"', 'class = "R9"', "class must be one of"),
    (r"^reason_min_chars = 40", "reason_min_chars = 9", "override: reason_min_chars is at least"),
    (r'^kind = "typed"', 'kind = "click"', "confirm.kind must be one of typed"),
    (r'^kind = "typed"', 'kind = "typed"\nrefuse_paste = false', "confirm.refuse_paste must be one of true"),
    (r'^kind = "power"', 'kind = "shares"', "a blocking guard of kind power is missing"),
    (r'^kind = "disk"', 'kind = "shares"', "a blocking guard of kind disk is missing"),
    (r"^point_of_change = true", "", "exactly one point_of_change"),
    (r"^\[approval\](.|\n)*?remote_code = true\n", "", "class R4 needs a second person"),
    (r"^roles = \[\"dba\"\]\ndistinct", "roles = []\ndistinct", "must not be empty"),
    (r'^bind_to = "plan_hash"', 'bind_to = "nothing"', "must be one of plan_hash"),
    (r'^deny = \["clinic_hours"\]', 'deny = ["full_moon"]', "must be one of clinic_hours"),
    (r"^deny_message = .*\n.*", "", "must be a text"),
    (r"^deny_message = ", 'unless_down = "weather"\ndeny_message = ', "and is one of backend, mongodb"),
    (r"^deny_message = ", 'any_time = "x"\nany_time_fr = "x"\ndeny_message = ', "why nothing is denied"),
    (r"^reason_min_chars = 40", 'reason_min_chars = 40\nguards = ["power"]', "power is never passed over"),
    (r'^then = "escalate:dba"', 'then = "shrug"', "must be escalate:ROLE"),
    (r"^per_s = 86400", "", "max_runs and per_s belong together"),
    (r'^options_from = "mongo.backups"', "", "a choice has options"),
    (r'^kind = "choice"', 'kind = "chice"', "must be one of choice"),
    (r'^acquire = "service.stop"', 'acquire = "stop"', "hold app_stopped: an action is named room.action"),
    (r"^why = \"Nobody may.*\n.*", "", "hold.why_fr must be a text"),
    (r'^fix = "Mend it."\nfix_fr = .*', "", "guard.fix_fr must be a text"),
    (r'holds = \["app_stopped"\]', 'holds = ["ap"]', "there is no hold ap"),
    (r'holds = \["app_stopped"\]', "holds = []", "args must name holds"),
    (r'^action = "hold.acquire"', 'action = "service.nod"', "no step before it takes the hold app_stopped"),
    (r'^requires = \["app_stopped"\]', 'requires = ["sync"]', "there is no hold sync"),
    (r'^cleanup = "mongo.drop_staging"', "", "staging needs cleanup"),
    (r'^on_unknown = "rerun"', "", "step.on_unknown is needed"),
    (
        r'effect = "switch"\npoint_of_change = true\non_unknown = "ask"',
        'effect = "switch"\npoint_of_change = true\non_unknown = "rerun"',
        "never done again by itself",
    ),
    (
        r'effect = "switch"\npoint_of_change = true\non_unknown = "ask"',
        'effect = "switch"\npoint_of_change = true\non_unknown = "stop"',
        "needs on_unknown = ask",
    ),
    (r'^undo = "mongo.switch_back"', "", "undo_args and undo_valid_s belong to undo"),
    (r'^undo = "mongo.switch_back"\n.*\n.*', "", "on_fail = undo, but switch has no undo"),
    (r'^undo = "mongo.switch_back"\n.*\n.*', "", "is never passed over"),
    (r'"undo:switch"', '"undo:reopen"', "names no step before it"),
    (r'"undo:switch"', '"abort:switch"', "only undo names a step"),
    (r"^on_fail = .*", 'on_fail = "explode"', "step.on_fail must be one of"),
    (
        r'^action = "hold.acquire"\n',
        'action = "hold.acquire"\non_fail = "continue"\n',
        "continue is for steps that only read",
    ),
    (r'^run = \["/usr/bin/mongosh"', 'run = ["pkill"', "pkill is not allowed"),
    (r'^run = \["/usr/bin/mongosh"', 'run = ["sh"', "sh is a shell"),
    (r'"--version"\]', '"--password=x"]', "a secret does not belong in a command"),
    (r'"--version"\]', '"db={site_code}"]', "a placeholder is a whole argument"),
    (r'^\[step.expect\]\nstdout_require = \["."\]', "", "a program needs [step.expect]"),
    (r'^stderr_forbid = \["\^Failed:"\]', 'stderr_forbid = ["("]', "( is no pattern"),
    (r'"plan.documents"', '"later.documents"', "later.documents is no fact of an earlier step"),
    (r'answer = "\{site_code\}"', 'answer = "{site_cod}"', "site_cod is no known placeholder"),
    (r'answer = "\{load.restored\}"', 'answer = "{look.restored}"', "look.restored is no known placeholder"),
    (r'answer = "\{load.restored\}"', 'answer = "{load.restored"', "a placeholder is a name"),
    (r'answer = "\{load.restored\}"', 'answer = "load.restored}"', "a brace that is meant itself"),
    (r'"--version"\]', "'{w: 1}']", "a brace that is meant itself is written twice"),
    (r'"--version"\]', "'{{w: {site_code}}}']", "a placeholder is a whole argument"),
    (r'"--version"\]', "'{{site_cod}}', '{site_cod}']", "site_cod is no known placeholder"),
    (
        r"^kind = \"checklist\"\n",
        'kind = "checklist"\naction = "a.b"\n',
        "a checklist has items and changes nothing",
    ),
    (r"^\[\[step.choices\]\](.|\n)*?stops = true\n", "", "a decision has choices"),
    (r"^stall_s = 300", "stall_s = 20000", "less than timeout_s"),
    (r'^title = "Switch"', f'title = "{"x" * 121}"', "121 letters, 120 at most"),
    (r'^id = "look"', 'id = "load"', "the name load is used twice"),
    (r"^survives_reboot = true", "survives_reboot = 1", "must be true or false"),
    (r"^exit = \[0\]", 'exit = ["0"]', "must be a list of whole numbers"),
    (r"^numbers = .*", "numbers = { a = 1.5 }", "must be a table of whole numbers or step.fact"),
    (r'^undo = "hold.release"', 'undo = "hold.release"\nundo_hint = 1', "step.undo_hint is not known"),
]


def test_json_in_an_argument_is_no_placeholder_and_reaches_the_program_as_it_is_meant() -> None:
    written = 'run = ["/usr/bin/mongosh", "--eval", \'db.x.drop({{writeConcern: {{w: "majority"}}}})\', "{site_code}"'
    found = book(r'^run = \["/usr/bin/mongosh", "--version"', written)
    step = parse(found, "p.toml").steps[-1]
    assert [fill(each, {"site_code": "LAB"}, {}) for each in step.run[2:]] == [
        'db.x.drop({writeConcern: {w: "majority"}})',
        "LAB",
    ]


@pytest.mark.parametrize(("pattern", "by", "words"), RULES)
def test_a_broken_rule_is_said(pattern: str, by: str, words: str) -> None:
    assert words in complaints(book(pattern, by))


NO_BACKUP = "needs a fresh verified backup: a blocking guard of kind backup_first / verified_backup"
BACKUPS = [
    (r'^id = "backup_first"\nkind = "backup_first"', 'id = "b"\nkind = "shares"', NO_BACKUP),
    (r'^kind = "backup_first"', 'kind = "backup_first"\nseverity = "warn"', NO_BACKUP),
    (r'^class = "R4"((.|\n)*)kind = "backup_first"', 'class = "R3"\\1kind = "shares"', NO_BACKUP),
    (r"^need = \{ max_age_s = 3600 \}", "", "guard backup_first: need.max_age_s says how old"),
    (r"max_age_s = 3600", "max_age_s = 93601", "93600 s at most"),
]


@pytest.mark.parametrize(("pattern", "by", "words"), BACKUPS)
def test_what_changes_data_without_a_fresh_backup_is_refused(pattern: str, by: str, words: str) -> None:
    """`guarded-runs.md`, A.4: a site's own playbook of class R3 or R4, too."""
    assert complaints(SOUND) == ""
    source = re.sub(pattern, by, SOUND, count=1, flags=re.MULTILINE)
    assert words in complaints(source)
    with pytest.raises(PlaybookError):
        admit(source, "p.toml")


def test_a_step_that_takes_a_backup_is_as_good_as_a_guard_and_class_r2_needs_none() -> None:
    taking = book('^action = "mongo.verify"', 'action = "backup_first.take"')
    assert complaints(taking) == ""
    assert complaints(book(r'^class = "R4"', 'class = "R2"')) == ""
    assert complaints(book(r'^kind = "backup_first"', 'kind = "verified_backup"', SOUND)) == ""


def test_a_run_that_an_earlier_version_began_is_still_read_and_gone_on_with() -> None:
    with pytest.raises(PlaybookError):
        admit(FULL, "p.toml")
    assert parse(FULL, "p.toml").id == "restore-clinic"


def test_what_makes_a_class_stricter_is_not_asked_of_a_lower_one() -> None:
    assert complaints(book(r'^class = "R4"', 'class = "R2"')) == ""


@pytest.mark.parametrize("playbook", load_all(shipped()), ids=lambda each: each.id)
def test_every_action_of_a_shipped_playbook_is_carried_out_by_somebody(playbook: Playbook) -> None:
    assert not list(of_actions(playbook, known_actions()))


def test_an_unknown_action_is_said() -> None:
    said = [str(PlaybookError(each)) for each in of_actions(parse(FULL, "p.toml"), known_actions())]
    assert "there is no action mongo.switch in this version" in said
    assert not any("hold.acquire" in each for each in said)


def test_the_linter_tells_of_a_file_everything_at_once(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "p.toml"
    path.write_text(book(r"^point_of_change = true", "").replace('acquire = "service.stop"', 'acquire = "x"'))
    said = [part.text for each in of_file(str(path), {"a.b"}) for part in each.parts]
    assert "class R4 has exactly one point_of_change" in said
    assert any(each.startswith("hold {hold}") for each in said)
    assert any(each.startswith("there is no action") for each in said)
    assert [each.text for each in of_file(str(tmp_path / "none"), ())] == ["{file} cannot be read: {why}"]


def test_what_is_shipped_has_no_complaint() -> None:
    assert not list(of_site("", known_actions()))
