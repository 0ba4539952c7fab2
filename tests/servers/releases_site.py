"""Versions of a small backend in real folders, the service that runs one of them, and somebody who answers the run."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import psutil

from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.model.fitting import DAYS
from medflow_tui.model.releases import FOLDER, LINK, Deployment
from medflow_tui.model.targets.http import HttpTarget
from medflow_tui.model.targets.process import ProcessTarget
from tests.servers.mongodb import free_port
from tests.servers.runs import Bench

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SERVER = """
import http.server, json, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_up = not os.path.exists("broken")
        self.send_response(200 if is_up else 503)
        self.end_headers()
        state = "connected" if is_up else "disconnected"
        self.wfile.write(json.dumps({"ready": is_up, "checks": {"database": state}}).encode())
    def log_message(self, *words):
        pass
root, place, _ = sys.argv[0].partition("/current/")
if place:
    open(root + "/lives.log", "a").write("start\\n")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
PAGE = '<script src="/assets/app.js"></script>'
BUILDS = """
import pathlib
pathlib.Path("dist/assets").mkdir(parents=True, exist_ok=True)
pathlib.Path("dist/assets/app.js").write_text("1")
pathlib.Path("dist/index.html").write_text('<script src="/assets/app.js"></script>')
"""
DEPENDENCY = "eyes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """One site: `root/releases`, `root/current`, `root/shared`, a service under a pid file."""

    root: Path
    port: int
    way: str = LINK

    @classmethod
    def at(cls, root: Path, way: str = LINK) -> Clinic:
        """Two versions, the first in service by its place (not yet started)."""
        clinic = cls(root=root, port=free_port(), way=way)
        clinic.folder.mkdir(parents=True)
        (root / "shared").mkdir()
        (root / "shared" / ".env").write_text("JWT_SECRET=CANARY-SECRET\n")
        clinic.release("1.0.0")
        clinic.release("2.0.0")
        if way == FOLDER:
            (clinic.folder / "1.0.0").rename(clinic.current)
            (clinic.current / ".env").write_text("JWT_SECRET=CANARY-SECRET\n")
        else:
            clinic.current.symlink_to("releases/1.0.0")
            (clinic.folder / "1.0.0" / ".env").symlink_to(root / "shared" / ".env")
        (clinic.folder / "data-format").write_text("3\n")
        return clinic

    @property
    def folder(self) -> Path:
        return self.root / "releases"

    @property
    def current(self) -> Path:
        return self.root / "current"

    @property
    def deployment(self) -> Deployment:
        return Deployment(
            folder=str(self.folder),
            current=str(self.current),
            way=self.way,
            shared=str(self.root / "shared"),
            kept=(".env",),
            install_in=("backend",),
            build=(sys.executable, "-c", BUILDS),
            build_in="frontend",
            built="frontend/dist/index.html",
        )

    @property
    def service(self) -> ProcessTarget:
        return ProcessTarget(
            name="backend-process",
            manager="pidfile",
            pid_file=str(self.root / "backend.pid"),
            start=(sys.executable, str(self.current / "backend" / "server.py"), str(self.port)),
            start_in=str(self.current / "backend"),
            output=str(self.root / "backend.log"),
        )

    def bench(self, name: str, state: Path, environment: str = "lab", **inputs: str) -> Bench:
        backend = HttpTarget(name="backend", address=f"http://127.0.0.1:{self.port}", role="backend")
        return Bench(
            name=name,
            targets=(backend, self.service),
            state=state,
            environment=environment,
            releases=self.deployment,
            inputs=inputs,
            days=(DAYS[(datetime.now(UTC).weekday() + 3) % 7],),
        )

    def release(
        self, version: str, *, data: tuple[int, ...] = (3,), node: str = ">=18", script: str = ""
    ) -> Path:
        """A whole version, as somebody copies it here: not installed, not built."""
        place = self.folder / version
        (place / "backend" / "scripts").mkdir(parents=True)
        (place / "frontend").mkdir()
        (place / "frontend" / "package.json").write_text("{}")
        (place / "backend" / "server.py").write_text(SERVER)
        (place / "backend" / "VERSION").write_text(version)
        _packages(place / "backend")
        scripts = {}
        if script:
            (place / "backend" / "scripts" / "migrate.js").write_text(script)
            scripts = {"migrate": "backend/scripts/migrate.js"}
        seal(place, version, data={"reads": list(data), "writes": max(data)}, node=node, scripts=scripts)
        return place

    def version(self) -> str:
        """What lies in the place, asked of the file system alone."""
        return (self.current / "backend" / "VERSION").read_text()

    def stands_in(self) -> str:
        """The version in which the process of the service stands; nothing when it does not run."""
        try:
            pid = int((self.root / "backend.pid").read_text())
            return (Path(psutil.Process(pid).cwd()) / "VERSION").read_text()
        except (OSError, ValueError, psutil.Error):
            return ""

    def starts(self) -> int:
        """How often the service was started."""
        return (self.root / "lives.log").read_text().count("start")

    def start(self) -> None:
        supervisor(self.service).start(Deadline.after(20))

    def end(self) -> None:
        """Whatever stands in this clinic is ended, by pid."""
        here = str(self.root)
        family = [each for each in psutil.process_iter(["cwd"]) if (each.info["cwd"] or "").startswith(here)]
        for each in family:
            each.kill()
        psutil.wait_procs(family, timeout=5)


def seal(
    place: Path,
    version: str,
    *,
    data: Mapping[str, object],
    node: str = ">=18",
    scripts: Mapping[str, str] | None = None,
) -> None:
    """Write release.json and SHA256SUMS, as whoever makes a version does."""
    files = [
        each
        for each in sorted(place.rglob("*"))
        if each.is_file() and each.name not in ("SHA256SUMS", "release.json")
    ]
    told = {
        "version": version,
        "commit": COMMIT,
        "node": node,
        "files": len(files) + 1,
        "data": data,
        "scripts": scripts or {},
    }
    (place / "release.json").write_text(json.dumps(told))
    lines = [
        f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.relative_to(place).as_posix()}\n"
        for each in (*files, place / "release.json")
    ]
    (place / "SHA256SUMS").write_text("".join(lines))


def _packages(folder: Path) -> None:
    """A package with one dependency that lies beside it, and the lock file that npm writes for it; no network."""
    content = {
        "package/package.json": json.dumps({"name": DEPENDENCY, "version": "1.2.3", "main": "main.js"}),
        "package/main.js": "module.exports = 1;\n",
    }
    packed = folder / f"{DEPENDENCY}.tgz"
    with tarfile.open(packed, "w:gz") as tar:
        for name, text in content.items():
            one = tarfile.TarInfo(name)
            one.size = len(text)
            tar.addfile(one, BytesIO(text.encode()))
    own = {"name": "backend", "version": "1.0.0", "dependencies": {DEPENDENCY: f"file:{packed.name}"}}
    (folder / "package.json").write_text(json.dumps(own))
    digest = hashlib.sha512(packed.read_bytes()).digest()
    entry = {
        "version": "1.2.3",
        "resolved": f"file:{packed.name}",
        "integrity": f"sha512-{base64.b64encode(digest).decode()}",
    }
    lock = {
        "name": "backend",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "packages": {"": own, f"node_modules/{DEPENDENCY}": entry},
    }
    (folder / "package-lock.json").write_text(json.dumps(lock))
