"""Bad input: each one gets a sentence that names the thing, and an exit code; never a traceback, never a hang."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import shutil
import ssl
import stat
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from textwrap import dedent

import psutil
import pyte
import pytest

from medflow_tui.model.words import say
from tests.servers.dashboard import Dashboard, opened

NOBODY = 65534
IS_ROOT = os.name == "posix" and os.geteuid() == 0
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
root_only = pytest.mark.skipif(not IS_ROOT, reason="only root can mount a file system")
HEAD = '[site]\ncode = "T"\nname = "Test"\nenvironment = "drill"\ntimezone = "UTC"\n\n'
CLOSED = "127.0.0.1:1"  # a port that nothing listens on
TOO_SMALL = say("terminal too small: 40 by 12 at least")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended; `seconds` is how long it took."""

    code: int
    out: str
    errors: str
    seconds: float

    @property
    def all(self) -> str:
        return self.out + self.errors


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Nothing of this user's is read or written."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(Path.cwd()), "PYTHONDONTWRITEBYTECODE": "1", **more}


def run(folder: Path, *arguments: str, ordinary: bool = False, **more: str) -> Ended:
    """`medflow-tui ARGUMENTS` without a terminal; every answer of it is held to the two rules for all."""
    return launched(folder, [sys.executable, "-m", "medflow_tui", *arguments], ordinary=ordinary, **more)


def launched(folder: Path, argv: list[str], *, ordinary: bool = False, **more: str) -> Ended:
    began = time.monotonic()
    done = subprocess.run(
        argv,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=60,
        env=environment(folder, **more),
        check=False,
        preexec_fn=be_ordinary if ordinary and IS_ROOT else None,
    )
    ended = Ended(done.returncode, done.stdout, done.stderr, time.monotonic() - began)
    assert "Traceback" not in ended.all, ended.all
    assert "fault of this program" not in ended.all, ended.all
    assert "stopped by a fault" not in ended.all, ended.all
    return ended


def be_ordinary() -> None:
    """In a child of root, before its program starts: no right any more to read what belongs to others.

    Another uid would not do: the interpreter itself often stands in a folder that only root may enter.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            os._exit(99)


@contextmanager
def not_ours(path: Path, mode: int = 0o700) -> Iterator[None]:
    """What an ordinary user may not read: it belongs to somebody else, or lets nobody in."""
    if IS_ROOT:
        os.chown(path, NOBODY, NOBODY)
    path.chmod(mode if IS_ROOT else 0)
    try:
        yield
    finally:
        path.chmod(0o700)
        if IS_ROOT:
            os.chown(path, 0, 0)


def site_file(folder: Path, body: str | bytes, name: str = "site.toml") -> Path:
    path = folder / name
    path.write_bytes(body if isinstance(body, bytes) else (HEAD + body).encode())
    return path


def check(folder: Path, site: Path, *arguments: str, ordinary: bool = False, **more: str) -> Ended:
    state = str(folder / "state")
    return run(folder, "check", "--site", str(site), "--state", state, *arguments, ordinary=ordinary, **more)


REDIS = f'[target.redis]\nkind = "redis"\naddress = "redis://{CLOSED}/0"\n'

WRONG_FILES: dict[str, tuple[str | bytes, tuple[str, ...], tuple[str, ...]]] = {
    "malformed": ("[target.redis\nkind = 1", ("not valid TOML", "line 7"), ("TOML", "line 7")),
    "unknown key": (
        REDIS + "intervall_s = 5\n",
        ("target.redis.intervall_s", "interval_s"),
        ("intervall_s",),
    ),
    "unknown section": ("[targets.redis]\n", ("targets", "target"), ("targets",)),
    "unknown kind": ('[target.x]\nkind = "redsi"\n', ("target.x.kind", "redsi", "redis"), ("redsi",)),
    "not UTF-8": (
        HEAD.encode() + b"# caf\xe9\n",
        ("not UTF-8", f"byte {len(HEAD.encode()) + 5}"),
        ("UTF-8",),
    ),
    "UTF-16": ((HEAD + REDIS).encode("utf-16"), ("not UTF-8",), ("UTF-8",)),
    "wrong type": (REDIS + 'interval_s = "soon"\n', ("target.redis.interval_s", "number"), ("interval_s",)),
    "no target": ("", ("nothing to watch",), ()),
    "wrong time zone": (
        HEAD.replace('"UTC"', '"Africa/Kinsasa"').encode() + REDIS.encode(),
        ("site.timezone", "Africa/Kinsasa"),
        ("Africa/Kinsasa",),
    ),
    "a number too small": (REDIS + "interval_s = 0\n", ("target.redis", "interval_s"), ("interval_s",)),
}


class TestSiteFile:
    @pytest.mark.parametrize("arguments", [("check",), ("config", "check"), ("status",), ()])
    def test_a_missing_one_is_named_with_who_named_it(
        self, tmp_path: Path, arguments: tuple[str, ...]
    ) -> None:
        nowhere = str(tmp_path / "nowhere.toml")
        ended = run(tmp_path, *arguments, "--site", nowhere)
        assert (ended.code, ended.out) == (3, "")
        assert nowhere in ended.errors
        assert "--site" in ended.errors

    def test_a_missing_one_is_told_in_french(self, tmp_path: Path) -> None:
        nowhere = str(tmp_path / "nowhere.toml")
        english = run(tmp_path, "check", "--site", nowhere)
        french = run(tmp_path, "--lang", "fr", "check", "--site", nowhere)
        assert french.code == 3
        assert nowhere in french.errors
        assert french.errors != english.errors

    def test_one_named_by_the_environment_is_named_with_the_variable(self, tmp_path: Path) -> None:
        ended = run(tmp_path, "check", MEDFLOW_TUI_CONFIG=str(tmp_path / "nowhere.toml"))
        assert ended.code == 3
        assert "MEDFLOW_TUI_CONFIG" in ended.errors

    def test_none_at_all_says_where_it_was_looked_for(self, tmp_path: Path) -> None:
        ended = run(tmp_path, "check")
        assert ended.code == 3
        assert str(tmp_path / "home" / ".config") in ended.errors

    @pytest.mark.parametrize("language", ["en", "fr"])
    @pytest.mark.parametrize("wrong", WRONG_FILES)
    def test_a_wrong_one_is_named_with_what_is_wrong_in_it(
        self, tmp_path: Path, wrong: str, language: str
    ) -> None:
        body, english, french = WRONG_FILES[wrong]
        path = site_file(tmp_path, body)
        for order in (("check", "--json"), ("config", "check")):
            ended = run(tmp_path, *order, "--site", str(path), "--lang", language)
            assert (ended.code, ended.out) == (3, "")
            assert len(ended.errors.splitlines()) == 1
            for words in (str(path), *(english if language == "en" else french)):
                assert words in ended.errors

    def test_a_folder_is_no_site_file(self, tmp_path: Path) -> None:
        ended = run(tmp_path, "check", "--site", str(tmp_path))
        assert ended.code == 3
        assert "is a folder" in ended.errors

    def test_one_that_this_user_may_not_read_is_named(self, tmp_path: Path) -> None:
        path = site_file(tmp_path, REDIS)
        with not_ours(path, 0o600):
            ended = check(tmp_path, path, ordinary=True)
        assert ended.code == 3
        assert f"{path}: may not be read by this user" in ended.errors


class TestSecret:
    def site(self, folder: Path, reference: str) -> Path:
        return site_file(folder, REDIS + f'password = "{reference}"\n')

    def test_one_that_others_may_read_is_not_used(self, tmp_path: Path) -> None:
        secret = tmp_path / "redis.secret"
        secret.write_text("Invente-7731")
        secret.chmod(0o644)
        ended = check(tmp_path, self.site(tmp_path, f"file:{secret}"))
        assert ended.code == 3
        assert f"others may read the secret file {secret}: chmod 600" in ended.out
        assert "Invente-7731" not in ended.all

    def test_a_missing_one_is_named(self, tmp_path: Path) -> None:
        ended = check(tmp_path, self.site(tmp_path, "file:none.secret"))
        assert ended.code == 3
        assert f"the secret file {tmp_path / 'none.secret'} does not exist" in ended.out

    def test_a_variable_that_is_not_set_is_named_in_french_too(self, tmp_path: Path) -> None:
        site = self.site(tmp_path, "env:REDIS_SECRET")
        english, french = check(tmp_path, site), check(tmp_path, site, "--lang", "fr")
        assert (english.code, french.code) == (3, 3)
        assert "the environment variable REDIS_SECRET is not set" in english.out
        assert "REDIS_SECRET" in french.out
        assert "is not set" not in french.out

    def test_one_written_into_the_site_file_is_refused_and_not_repeated(self, tmp_path: Path) -> None:
        ended = check(tmp_path, self.site(tmp_path, "Invente-Secret-7731"))
        assert ended.code == 3
        assert "env:NAME" in ended.all
        assert "Invente-Secret-7731" not in ended.all

    @root_only
    def test_one_of_somebody_else_is_named(self, tmp_path: Path) -> None:
        secret = tmp_path / "redis.secret"
        secret.write_text("Invente-7731")
        with not_ours(secret, 0o600):
            ended = check(tmp_path, self.site(tmp_path, f"file:{secret}"), ordinary=True)
        assert ended.code == 3
        assert f"the secret file {secret} belongs to somebody else" in ended.out
        assert "Invente-7731" not in ended.all


RESOLVER = dedent(
    """
    import fcntl, socket, struct, subprocess, sys, threading
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x41))  # SIOCSIFFLAGS: up and running
    resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    resolver.bind(("127.0.0.1", 53))
    def answer():
        while True:
            query, who = resolver.recvfrom(512)
            if sys.argv[1] == "denying":
                resolver.sendto(query[:2] + bytes((0x81, 0x83)) + query[4:], who)  # there is no such name
    threading.Thread(target=answer, daemon=True).start()
    sys.exit(subprocess.run(sys.argv[2:]).returncode)
    """
)


NO_NAME = {
    "denying": "the name clinic.invalid has no address",
    "silent": "no answer about the name clinic.invalid",
}


class TestNetwork:
    @root_only
    @pytest.mark.parametrize("resolver", ["denying", "silent"])
    @pytest.mark.parametrize("kind", ["http", "redis", "mongodb", "port", "share"])
    def test_a_name_that_does_not_resolve_is_said_in_time_also_by_a_silent_resolver(
        self, tmp_path: Path, kind: str, resolver: str
    ) -> None:
        """In a network of its own: the only resolver is ours, on loopback."""
        if (
            shutil.which("unshare") is None
            or subprocess.run(["unshare", "-mn", "true"], check=False).returncode
        ):
            pytest.skip("this machine gives no network of its own (unshare)")
        addresses = {
            "http": "http://clinic.invalid:5001",
            "redis": "redis://clinic.invalid:6379/0",
            "mongodb": "mongodb://clinic.invalid/medflow",
            "port": "clinic.invalid:5001",
            "share": "smb://clinic.invalid/RETINO",
        }
        role = 'role = "ocr"\n' if kind == "http" else ""
        site = site_file(
            tmp_path, f'[target.far]\nkind = "{kind}"\n{role}address = "{addresses[kind]}"\ndeadline_s = 2\n'
        )
        configured = tmp_path / "resolv.conf"
        configured.write_text("nameserver 127.0.0.1\noptions timeout:20 attempts:5\n")
        program = [sys.executable, "-m", "medflow_tui", "check", "--site", str(site)]
        program += ["--state", str(tmp_path / "state")]
        ended = launched(
            tmp_path,
            [
                *("unshare", "-mn", "--propagation", "private", "sh", "-c"),
                'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"',
                *("sh", str(configured), sys.executable, "-c", RESOLVER, resolver, *program),
            ],
        )
        assert ended.seconds < 12
        assert ended.code == 2
        assert NO_NAME[resolver] in ended.out

    @pytest.mark.parametrize("language", ["en", "fr"])
    def test_a_certificate_that_is_not_trusted_is_said_and_nothing_is_sent(
        self, tmp_path: Path, language: str
    ) -> None:
        with self_signed(tmp_path) as (port, seen):
            site = site_file(
                tmp_path,
                f'[target.ocr]\nkind = "http"\nrole = "ocr"\naddress = "https://localhost:{port}"\ndeadline_s = 3\n',
            )
            ended = check(tmp_path, site, "--lang", language)
        assert ended.code == 2
        assert ("certificate" if language == "en" else "certificat") in ended.out
        assert seen == []

    def test_the_same_certificate_is_trusted_when_the_site_file_names_it(self, tmp_path: Path) -> None:
        with self_signed(tmp_path) as (port, seen):
            body = f'[target.ocr]\nkind = "http"\nrole = "ocr"\naddress = "https://localhost:{port}"\n'
            site = site_file(tmp_path, body + f'ca_file = "{tmp_path / "cert.pem"}"\ndeadline_s = 3\n')
            ended = check(tmp_path, site)
        assert "certificate" not in ended.out
        assert seen


class TestFiles:
    def log(self, folder: Path, path: str) -> Path:
        return site_file(folder, f'[target.log]\nkind = "log"\npaths = ["{path}"]\ninterval_s = 1\n')

    def test_a_missing_log_is_unknown_and_named(self, tmp_path: Path) -> None:
        ended = check(tmp_path, self.log(tmp_path, "none.log"))
        assert ended.code == 3
        assert "none.log" in ended.out
        assert "does not exist" in ended.out

    def test_a_binary_log_is_said_to_be_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "binary.log").write_bytes(bytes(range(256)) * 400)
        ended = check(tmp_path, self.log(tmp_path, "binary.log"))
        assert ended.code == 3
        assert "binary.log" in ended.out
        assert "not text" in ended.out
        assert "\x1b" not in ended.out

    async def test_the_log_pane_says_so_too_and_goes_on_when_the_file_comes(self, tmp_path: Path) -> None:
        site = self.log(tmp_path, "late.log")
        async with opened(site, tmp_path / "state") as dashboard:
            await dashboard.until(lambda: "late.log" in dashboard.text, "the missing file is named")
            (tmp_path / "late.log").write_text("2026-01-18 10:00:00 error something\n")
            await dashboard.until(lambda: "something" in dashboard.text, "its first line is shown")

    def test_a_missing_backup_folder_is_named(self, tmp_path: Path) -> None:
        ended = check(tmp_path, site_file(tmp_path, '[target.backups]\nkind = "backups"\nfolder = "none"\n'))
        assert ended.code == 2
        assert "folder is missing" in ended.out

    @pytest.mark.parametrize("language", ["en", "fr"])
    def test_a_backup_folder_that_this_user_may_not_read_is_unknown_and_not_empty(
        self, tmp_path: Path, language: str
    ) -> None:
        folder = tmp_path / "backups"
        (folder / "daily").mkdir(parents=True)
        site = site_file(tmp_path, f'[target.backups]\nkind = "backups"\nfolder = "{folder}"\n')
        with not_ours(folder):
            ended = check(tmp_path, site, "--json", "--lang", language, ordinary=True)
        assert ended.code == 3
        found = json.loads(ended.out)["targets"]
        assert {each["verdict"] for each in found} == {"unknown"}
        assert found[0]["cause"] == "forbidden"
        assert ("may not read the folder" if language == "en" else "accès interdit") in found[0]["evidence"]


class TestState:
    @pytest.fixture
    def watched(self, tmp_path: Path) -> Path:
        (tmp_path / "calm.log").write_text("2026-01-18 10:00:00 info nothing\n")
        return site_file(tmp_path, '[target.log]\nkind = "log"\npaths = ["calm.log"]\ninterval_s = 1\n')

    @pytest.fixture
    def full(self, tmp_path: Path) -> Iterator[Path]:
        """A file system of 64 kB with no room left."""
        disk = tmp_path / "disk"
        disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=False, capture_output=True
        )
        if mounted.returncode:
            pytest.skip(f"no small file system here: {mounted.stderr.decode().strip()}")
        try:
            fill(disk)
            yield disk
        finally:
            left = [each.path for each in psutil.Process().open_files() if each.path.startswith(str(disk))]
            subprocess.run(["umount", "-l", str(disk)], check=True)
            assert left == [], "nothing of the state folder is open after the end"

    @root_only
    def test_a_full_disk_hinders_no_check_and_is_said(
        self, tmp_path: Path, watched: Path, full: Path
    ) -> None:
        ended = run(tmp_path, "check", "--site", str(watched), "--state", str(full / "state"))
        assert ended.code == 0
        assert "in order" in ended.out

    @root_only
    @pytest.mark.parametrize("language", ["en", "fr"])
    async def test_a_full_disk_is_said_on_the_dashboard_which_goes_on(
        self, tmp_path: Path, watched: Path, full: Path, language: str
    ) -> None:
        state = full / "state"
        async with opened(watched, state, language=language) as dashboard:
            await dashboard.until(lambda: dashboard.app.snapshot.notices, "something is said", 20)
            said = dashboard.app.session.language.say(dashboard.app.snapshot.notices[0])
            await dashboard.until(lambda: said[:20] in dashboard.lines[1], said, 5)
            assert ("disk full" in said) if language == "en" else ("plein" in said)
            first = dashboard.verdict("log")
            assert first is not None
            await dashboard.until(
                lambda: (dashboard.verdict("log") or first).observed_at > first.observed_at, "it goes on", 10
            )
            await dashboard.press("a")

    async def test_a_state_folder_that_is_a_file_is_said(self, tmp_path: Path, watched: Path) -> None:
        state = tmp_path / "state"
        state.write_text("no folder")
        assert run(tmp_path, "check", "--site", str(watched), "--state", str(state)).code == 0
        async with opened(watched, state) as dashboard:
            await dashboard.until(lambda: " +" in dashboard.lines[1], "several notices", 10)
            await dashboard.press("f7")
            await dashboard.until(lambda: "no history" in dashboard.text, "no history", 10)
        assert state.read_text() == "no folder"

    def test_a_state_folder_of_somebody_else_hinders_no_check(self, tmp_path: Path, watched: Path) -> None:
        state = tmp_path / "state"
        state.mkdir()
        with not_ours(state, 0o755):
            ended = run(tmp_path, "check", "--site", str(watched), "--state", str(state), ordinary=True)
        assert ended.code == 0
        assert list(state.iterdir()) == []


class TestTerminal:
    @pytest.mark.parametrize("language", ["en", "fr"])
    @pytest.mark.parametrize("size", [(39, 10), (39, 24), (80, 11), (10, 3)])
    async def test_one_that_is_too_small_says_so_and_comes_back(
        self, tmp_path: Path, size: tuple[int, int], language: str
    ) -> None:
        site = site_file(tmp_path, REDIS)
        async with opened(site, tmp_path / "state", language=language, size=size) as dashboard:
            words = dashboard.app.session.language.say(TOO_SMALL)
            await dashboard.until(lambda: says_too_small(dashboard, words), words, 10)
            for key in (
                "tab",
                "enter",
                "escape",
                "question_mark",
                "escape",
                "m",
                "m",
                "j",
                "slash",
                "escape",
            ):
                await dashboard.press(key)
            await dashboard.pilot.resize_terminal(80, 24)
            await dashboard.until(lambda: "F2" in dashboard.text, "the panes are back", 10)

    @pytest.mark.parametrize("language", ["en", "fr"])
    def test_none_at_all_gives_one_round_as_text_and_says_why(self, tmp_path: Path, language: str) -> None:
        site = site_file(tmp_path, REDIS)
        ended = run(tmp_path, "--site", str(site), "--state", str(tmp_path / "state"), "--lang", language)
        assert ended.code == 0
        assert ("redis: critical, refused" if language == "en" else "connexion refusée") in ended.out
        assert "\x1b" not in ended.all
        assert "terminal" in ended.errors
        assert len(ended.errors.splitlines()) == 1

    def test_a_dumb_one_gets_text_without_control_characters(self, tmp_path: Path) -> None:
        site = site_file(tmp_path, REDIS)
        screen = on_terminal(tmp_path, ["--site", str(site)], term="dumb")
        assert screen.code == 0
        assert "redis: " in screen.text
        assert "TERM=dumb" in screen.text
        assert "\x1b" not in screen.raw

    def test_a_terminal_of_39_by_10_shows_the_sentence_and_quits_with_q(self, tmp_path: Path) -> None:
        site = site_file(tmp_path, REDIS)
        screen = on_terminal(tmp_path, ["--site", str(site)], size=(39, 10), await_text="too small", keys="q")
        assert screen.code == 0
        assert screen.is_restored


CRASHING = dedent(
    """
    import itertools, sys
    from pathlib import Path
    from medflow_tui import wiring
    from medflow_tui.lab.pulse import still_snapshot
    from medflow_tui.journal.desk import Desk
    from medflow_tui.journal.history import HistoryReader
    from medflow_tui.locale.language import Language
    from medflow_tui.model.site import Site
    from medflow_tui.monitor.replay import Replay
    from medflow_tui.ui.session import Session
    from medflow_tui.wiring.screen import run_app
    from datetime import UTC, datetime

    def order(words):
        a_local_variable = "Invente-" + "Locale-9921"
        raise ValueError("mongodb://medflow:Invente-Secret-7731@db/medflow of a_local")

    state = Path(sys.argv[1])
    site = Site(code="T", name="Test", environment="lab")
    sys.exit(run_app(Session(
        site=site, language=Language(sys.argv[2]), glyphs=wiring.choose_glyphs(site),
        now=lambda: datetime(2026, 1, 15, 9, 0, tzinfo=UTC), state=state, who="test",
        looking_for=lambda publish: Replay(iter((still_snapshot(),)), publish, 0),
        history=HistoryReader(state), desk=Desk(state), order=order,
    ), stock_terminal=False))
    """
)


def says_too_small(dashboard: Dashboard, words: str) -> bool:
    """The sentence, wrapped, or as much of it as there is room for; nothing of the panes."""
    shown = "".join(dashboard.lines).replace(" ", "")
    return bool(shown) and words.replace(" ", "").startswith(shown)


class TestCrash:
    @pytest.mark.parametrize("language", ["en", "fr"])
    def test_it_ends_with_one_redacted_sentence_and_a_report_that_only_we_may_read(
        self, tmp_path: Path, language: str
    ) -> None:
        state = tmp_path / "state"
        argv = [sys.executable, "-c", CRASHING, str(state), language]
        screen = on_terminal(tmp_path, [], argv=argv, await_text="F2", keys=":zzz\r")
        assert screen.code == 1
        assert screen.is_restored
        reports = list(state.glob("crash-*.txt"))
        assert len(reports) == 1
        report = reports[0].read_text()
        assert stat.S_IMODE(reports[0].stat().st_mode) == 0o600
        assert "ValueError" in report
        assert "in order" in report
        after = screen.raw.rpartition("\x1b[?1049l")[2]
        said = [each for each in pyte_lines(after) if each.strip()]
        assert str(reports[0]) in "".join(each.strip() for each in said)
        assert len(after.strip().splitlines()) == 1
        for text in (report, screen.raw):
            assert "Invente" not in text
        assert "Traceback" not in screen.raw
        assert "a_local_variable" not in screen.raw

    def test_one_whose_report_cannot_be_written_still_says_so(self, tmp_path: Path) -> None:
        state = tmp_path / "file"
        state.write_text("no folder")
        nowhere = state / "nowhere"
        argv = [
            sys.executable,
            "-c",
            "import tempfile; tempfile.tempdir = " + repr(str(nowhere)) + "\n" + CRASHING,
        ]
        screen = on_terminal(tmp_path, [], argv=[*argv, str(state), "en"], await_text="F2", keys=":zzz\r")
        assert screen.code == 1
        assert "ValueError" in screen.text
        assert "None" not in screen.raw
        assert "Traceback" not in screen.raw


@dataclass(frozen=True, slots=True)
class Screen:
    """What a program left on a terminal: its exit code, all it wrote, whether the terminal is as it was before."""

    code: int
    raw: str
    is_restored: bool

    @property
    def text(self) -> str:
        return "\n".join(pyte_lines(self.raw))


def on_terminal(
    folder: Path,
    arguments: list[str],
    *,
    argv: list[str] | None = None,
    term: str = "xterm-256color",
    size: tuple[int, int] = (80, 24),
    await_text: str = "",
    keys: str = "",
    patience_s: float = 30.0,
) -> Screen:
    """Run the program on a pseudo-terminal; `keys` are typed when `await_text` has come."""
    argv = argv or [sys.executable, "-m", "medflow_tui", *arguments, "--state", str(folder / "state")]
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        argv,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(folder, TERM=term),
        start_new_session=True,
    )
    raw, typed, ends = b"", not keys, time.monotonic() + patience_s
    try:
        while time.monotonic() < ends:
            ended = process.poll() is not None
            while select.select([ours], [], [], 0.05)[0]:
                chunk = os.read(ours, 65536)
                raw += chunk
                if not chunk:
                    break
            if not typed and await_text in plain(raw):
                typed = True
                for each in keys:
                    os.write(ours, each.encode())
                    time.sleep(0.05)  # as people type: an escape sequence must not be made of two keys
            if ended:
                break
        assert process.poll() is not None, f"it did not end:\n{plain(raw)}"
        restored = termios.tcgetattr(theirs)[:4] == before[:4]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)
        os.close(theirs)
    return Screen(process.returncode, raw.decode("utf-8", "replace"), restored)


def plain(raw: bytes) -> str:
    return "\n".join(pyte_lines(raw.decode("utf-8", "replace")))


def pyte_lines(text: str) -> list[str]:
    """The text as a terminal shows it."""
    screen = pyte.Screen(200, 60)
    pyte.Stream(screen).feed(text)
    return list(screen.display)


def fill(disk: Path) -> None:
    """Write until nothing more fits."""
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    with suppress(OSError):
        (disk / "state").mkdir()


@contextmanager
def self_signed(folder: Path) -> Iterator[tuple[int, list[str]]]:
    """An HTTPS server whose certificate nobody signed but itself; (port, paths that were asked for)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    seen: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            body = b'{"status": "healthy"}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that does not trust us is no error."""

    server = Server(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
