"""The command line where nothing is as it should be: hosts that hang, pipes that close, terminals that know no accents."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HEAD = (
    '[site]\ncode = "T|1"\nname = "Clinique d’essai"\nenvironment = "drill"\ntimezone = "Africa/Kinshasa"\n\n'
)
CLOSED = HEAD + '[target.redis]\naddress = "redis://127.0.0.1:1/0"\n'
CHECK = [sys.executable, "-m", "medflow_tui", "check"]


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {**kept, "LC_ALL": "C.UTF-8", **more}


def site_file(folder: Path, body: str) -> list[str]:
    path = folder / "site.toml"
    path.write_text(body, encoding="utf-8")
    return ["--site", str(path), "--state", str(folder / "state")]


def run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "medflow_tui", *arguments],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env=environment(folder, **more),
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr
    assert b"Exception ignored" not in done.stderr, done.stderr
    return done


@pytest.fixture
def silent_socket() -> Iterator[socket.socket]:
    """Accepts and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(500)
        yield listening


@pytest.fixture
def silent(silent_socket: socket.socket) -> str:
    """Its address."""
    return f"127.0.0.1:{silent_socket.getsockname()[1]}"


def all_kinds(address: str, deadline_s: float = 2.0) -> str:
    """A site on which every service that can hang does."""
    tables = {
        "backend": f'address = "http://{address}"', "ocr": f'address = "http://{address}"',
        "face": f'address = "http://{address}"', "central": f'address = "http://{address}"',
        "front": f'address = "http://{address}"', "redis": f'address = "redis://{address}/0"',
        "mongodb": f'address = "mongodb://{address}"', "payments": "", "isolation": "", "devices": "",
        "queue": f'api = "http://{address}"\napi_username = "x"', "uplink": f'addresses = ["{address}"]',
        "clinics": f'central = "http://{address}"\nclinic = [{{ id = "GOMA", address = "{address}" }}]',
        "oct": f'kind = "share"\naddress = "smb://{address}/RETINO"', "port": f'address = "{address}"',
        "host": f'time_source = "http://{address}"', "backups": 'folder = "backups"',
        "log": 'paths = ["combined.log"]',
    }  # fmt: skip
    return HEAD + "".join(
        f"[target.{name}]\ndeadline_s = {deadline_s}\n{more}\n" for name, more in tables.items()
    )


def test_a_check_of_hosts_that_hang_ends_soon_after_the_longest_deadline(tmp_path: Path, silent: str) -> None:
    began = time.monotonic()
    done = run(tmp_path, "check", "--json", *site_file(tmp_path, all_kinds(silent)))
    took = time.monotonic() - began
    found = {each["target"]: each for each in json.loads(done.stdout)["targets"]}
    assert done.returncode == 2
    assert {name for name in found if "/" not in name} == {
        "backend", "ocr", "face", "central", "front", "redis", "mongodb", "payments", "isolation", "devices",
        "queue", "uplink", "clinics", "oct", "port", "host", "backups", "log",
    }  # fmt: skip
    for name in ("backend", "redis", "mongodb", "payments", "isolation", "devices"):
        assert found[name]["verdict"] in ("critical", "unknown")
    assert (
        took < 2 + 1 + 8
    )  # the deadline, the grace, and a slow machine that starts the interpreter and its clients


def test_an_interrupted_check_ends_at_once_although_its_hosts_hang(
    tmp_path: Path, silent_socket: socket.socket, silent: str
) -> None:
    body = all_kinds(silent, deadline_s=60)
    with subprocess.Popen(
        [*CHECK, *site_file(tmp_path, body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
    ) as child:
        silent_socket.settimeout(30)
        begun = [silent_socket.accept() for _ in range(4)]  # readings are under way
        child.send_signal(signal.SIGINT)
        out, errors = child.communicate(timeout=10)
    assert (child.returncode, out, errors) == (130, b"", b"")
    for connection, _ in begun:
        connection.close()


@pytest.mark.parametrize(
    "arguments", [("check",), ("check", "--json"), ("status",), ("config", "show"), ("--help",)]
)
def test_nobody_has_to_listen_to_the_end(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    where = site_file(tmp_path, CLOSED)
    reading, writing = os.pipe()
    os.close(reading)
    child = subprocess.run(
        [sys.executable, "-m", "medflow_tui", *arguments, *where],
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert child.stderr == b""
    assert child.returncode == (2 if arguments[0] == "check" else 0)


def test_a_check_that_is_cut_off_by_head_gives_its_first_line(tmp_path: Path) -> None:
    many = HEAD + "".join(
        f'[target.t{n}]\nkind = "redis"\naddress = "redis://127.0.0.1:1/0"\n' for n in range(900)
    )
    command = 'set -o pipefail; "$@" | head -1'
    done = subprocess.run(
        ["bash", "-c", command, "sh", *CHECK, *site_file(tmp_path, many)],
        capture_output=True,
        env=environment(tmp_path),
        timeout=90,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, b"")
    assert done.stdout.startswith(b"CRITICAL: T/1: ")


@pytest.mark.parametrize("redirected", [">/dev/full", ">&-", ">/dev/full 2>&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("arguments", ["check", "check --json", "status", "config check", "config init", ""])
def test_streams_that_are_closed_or_full_are_no_fault_of_the_program(
    tmp_path: Path, redirected: str, arguments: str
) -> None:
    where = " ".join(site_file(tmp_path, CLOSED))
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m medflow_tui {arguments} {where} {redirected}"],
        capture_output=True,
        env=environment(tmp_path),
        timeout=60,
        check=False,
    )
    said = done.stdout + done.stderr
    assert b"Traceback" not in said
    assert b"Exception ignored" not in said
    assert b"fault of its own" not in said
    assert done.returncode in (0, 2, 3)
    if ">/dev/full" in redirected and arguments.startswith(("check", "status")):
        assert done.returncode == 3
        assert ("2>&-" in redirected) or b"cannot be written" in done.stderr
    assert list((tmp_path / "state").glob("crash*")) == []


@pytest.mark.parametrize(
    "plain",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
    ids=["ascii", "C", "latin-1"],
)
@pytest.mark.parametrize(
    "arguments",
    ["check", "check --json", "status", "config show", "--help", "playbook show device-sync-failure"],
)
def test_an_encoding_without_accents_shows_what_it_can(
    tmp_path: Path, plain: dict[str, str], arguments: str
) -> None:
    body = (
        CLOSED.replace("[target.redis]", '[target.redis]\nlabel = "●é…’"')
        + "[target.backend]\n[target.queue]\n"
    )
    done = run(tmp_path, *arguments.split(), *site_file(tmp_path, body), "--lang", "fr", **plain)
    assert done.returncode == (2 if arguments.startswith("check") else 0)
    assert b"?" in done.stdout or "latin" in str(plain)


def test_a_sentence_about_an_error_is_said_in_any_encoding(tmp_path: Path) -> None:
    done = run(
        tmp_path, "check", "--site", "/nulle part/dérangé.toml", "--lang", "fr", PYTHONIOENCODING="ascii"
    )
    assert done.returncode == 3
    assert b"/nulle part/d?rang?.toml" in done.stderr


@pytest.mark.parametrize(
    ("variables", "french"),
    [
        ({"LC_ALL": "", "LANG": "fr_CD.UTF-8"}, True),
        ({"LC_ALL": "C", "LANG": "fr_CD.UTF-8"}, False),
        ({"LC_ALL": "C.UTF-8", "LANG": "fr_CD.UTF-8", "LANGUAGE": "fr"}, False),
        ({"LC_ALL": "", "LANG": "en_GB.UTF-8", "LANGUAGE": "ln:fr:en"}, True),
        ({"LC_ALL": "", "LANG": "en_GB.UTF-8", "LC_MESSAGES": "fr_BE"}, True),
        ({"LC_ALL": "", "LANG": "frp_IT"}, False),
        ({"LC_ALL": "", "LANG": ""}, False),
        ({"LC_ALL": "fr_CD.UTF-8", "MEDFLOW_TUI_LANG": "en"}, False),
        ({"MEDFLOW_TUI_LANG": "fr_CD.UTF-8"}, True),
        ({"MEDFLOW_TUI_LANG": "klingon", "LC_ALL": "", "LANG": "fr_CD"}, True),
        ({"LC_ALL": "", "LANG": "fr_CD.UTF-8", "TZ": "Nowhere/Nothing"}, True),
        ({"LC_ALL": "", "LANG": "fr_CD.UTF-8", "TZ": ":/etc/passwd"}, True),
    ],
)
def test_the_language_is_that_of_the_usual_variables(
    tmp_path: Path, variables: dict[str, str], french: bool
) -> None:
    done = run(tmp_path, "status", *site_file(tmp_path, CLOSED), **variables)
    assert done.returncode == 0
    assert ("exercice" in done.stdout.decode()) is french


def test_times_are_those_of_the_site_whatever_the_machine_says(tmp_path: Path) -> None:
    """Kinshasa is an hour ahead of UTC, all year round."""
    done = run(tmp_path, "status", *site_file(tmp_path, CLOSED), TZ="Asia/Tokyo", MEDFLOW_TUI_LANG="en")
    shown = re.search(r"\d\d/\d\d (\d\d):(\d\d)", done.stdout.decode())
    assert shown is not None
    minutes = int(shown[1]) * 60 + int(shown[2])
    now = time.gmtime()
    assert (minutes - 60 - now.tm_hour * 60 - now.tm_min) % 1440 in (0, 1439, 1438)


def test_questions_that_nobody_answers_write_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "site.toml"
    done = run(tmp_path, "config", "init", "--site", str(path))
    assert done.returncode == 3
    assert str(path).encode() in done.stderr
    assert list(tmp_path.glob("new/*")) == []


def test_answers_from_a_file_make_a_site_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    done = subprocess.run(
        [sys.executable, "-m", "medflow_tui", "config", "init", "--site", str(path)],
        input=b"GOMA\nClinique \xe9t\xe9\x1b[2J\ndrill\n" + b"\n" * 8,
        capture_output=True,
        env=environment(tmp_path),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"\x1b" not in path.read_bytes()


def test_five_checks_at_the_same_time_share_a_state_folder(tmp_path: Path, silent: str) -> None:
    body = HEAD + (
        f'[target.backend]\naddress = "http://{silent}"\ndeadline_s = 1\n'
        '[target.redis]\naddress = "redis://127.0.0.1:1/0"\n[target.log]\npaths = ["none.log"]\n'
    )
    where = site_file(tmp_path, body)
    children = [
        subprocess.Popen(
            [*CHECK, "--json", *where],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(tmp_path),
        )
        for _ in range(5)
    ]
    for child in children:
        out, errors = child.communicate(timeout=60)
        assert (child.returncode, errors) == (2, b"")
        assert {each["target"] for each in json.loads(out)["targets"]} == {"backend", "redis", "log"}


HEALTH = ["ok", "warning", "critical", "unknown", "stale", "expected-offline", "maintenance"]
WHEN = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$"}
ENTRY = {
    "type": ["object", "null"],
    "properties": {"who": {"type": "string"}, "why": {"type": "string"}, "until": WHEN},
}
TARGET: dict[str, Any] = {
    "type": "object",
    "properties": {
        "target": {"type": "string", "pattern": "^[^/]+(/.+)?$"},
        "kind": {"type": "string", "pattern": "^[a-z]+$"},
        "pane": {"enum": ["services", "clinics", "devices", "backups", "log"]},
        "label": {"type": "string"},
        "verdict": {"enum": HEALTH},
        "evidence": {"type": "string", "pattern": "."},
        "how": {"type": "string", "pattern": "."},
        "observed_at": {**WHEN, "type": ["string", "null"]},
        "age_s": {"type": ["number", "null"]},
        "latency_ms": {"type": ["number", "null"]},
        "cause": {"type": ["string", "null"], "pattern": "^[a-z]+$"},
        "figure": {"type": ["number", "null"]},
        "acknowledged": ENTRY,
        "maintenance": ENTRY,
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "site": {"type": "string"},
        "name": {"type": "string"},
        "environment": {"enum": ["production", "drill", "lab"]},
        "at": WHEN,
        "verdict": {"enum": HEALTH},
        "targets": {"type": "array", "items": TARGET},
    },
}
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "number": (int, float), "null": type(None),
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], place: str = "$") -> list[str]:
    """What does not fit a JSON Schema (the words used above; every property is required and no other is allowed)."""
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{place}: {value!r} is none of {schema['enum']}"]
    wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if isinstance(value, bool) or not any(isinstance(value, TYPES[each]) for each in wanted):
        return [f"{place}: {value!r} is no {schema['type']}"]
    found = []
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(f"{place}: {value!r} does not match {schema['pattern']}")
    if isinstance(value, dict):
        found += [f"{place}: not {name}" for name in value.keys() ^ schema["properties"].keys()]
        for name in value.keys() & schema["properties"].keys():
            found += faults(value[name], schema["properties"][name], f"{place}.{name}")
    if isinstance(value, list):
        for number, each in enumerate(value):
            found += faults(each, schema["items"], f"{place}[{number}]")
    return found


def no_constant(word: str) -> Any:
    raise AssertionError(f"{word} is no JSON")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_json_is_what_the_readme_says(tmp_path: Path, silent: str, language: str) -> None:
    (tmp_path / "combined.log").write_text("2026-01-18 10:00:00 info nothing\n")
    done = run(
        tmp_path, "check", "--json", *site_file(tmp_path, all_kinds(silent, deadline_s=1)), "--lang", language
    )
    found = json.loads(done.stdout, parse_constant=no_constant)
    assert faults(found, SCHEMA) == []
    section = (
        (ROOT / "README.md").read_text().partition("### The JSON of `check --json`")[2].partition("\n### ")[0]
    )
    named = set(re.findall(r"[`\"]([a-z_]+)[`\"]", section))
    documented = {*SCHEMA["properties"], *TARGET["properties"], *ENTRY["properties"]}  # type: ignore[misc]
    assert documented - named - {"null"} == set()
    assert set(HEALTH) <= set(re.findall(r"[a-z-]+", section))


def test_the_schema_of_this_test_finds_what_is_wrong() -> None:
    good = {
        "site": "M",
        "name": "M",
        "environment": "lab",
        "at": "2026-01-01T00:00:00+00:00",
        "verdict": "ok",
    }
    assert faults({**good, "targets": []}, SCHEMA) == []
    assert len(faults({**good, "verdict": "fine", "at": "now", "more": 1}, SCHEMA)) == 4


def test_the_first_line_is_a_plugin_line_and_no_text_begins_performance_data(tmp_path: Path) -> None:
    body = CLOSED.replace("[target.redis]", '[target.redis]\nlabel = "Redis | 1"')
    done = run(tmp_path, "check", *site_file(tmp_path, body))
    first, *others = done.stdout.decode().splitlines()
    text, bar, performance = first.partition(" | ")
    assert text.startswith("CRITICAL: T/1: Redis / 1: ")
    assert bar
    for each in performance.split():
        assert re.fullmatch(r"'[a-z ]+'=\d+;;;0", each)
    assert not [line for line in others if "|" in line]
