"""The box: a real systemd as PID 1 of namespaces of its own, over a throw-away overlay (box.sh).

with boot(Path("/"), tmp_path) as box:
    box.write("/etc/systemd/system/x.service", "...")
    box.run("systemctl", "start", "x")
    with box.network():
        ...  # a server that is started here listens on the box's loopback
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.desks import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).parent
PYTHON = "/opt/python"  # where the interpreter is seen in the box, if its own place is hidden from services
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/root",
    "SYSTEMD_PAGER": "",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_CLONE_NEWNET = 0x40000000  # setns(2); os.setns is there from Python 3.12 on


def why_not() -> str:  # noqa: PLR0911 - a reason each
    """Why no box can be booted here, or ""."""
    if os.geteuid() != 0:
        return "the box needs root"
    missing = [
        tool for tool in ("unshare", "nsenter", "setpriv", "findmnt", "ip") if shutil.which(tool) is None
    ]
    if missing:
        return f"the box needs {', '.join(missing)}"
    if not Path("/lib/systemd/systemd").exists():
        return "systemd is not installed"
    if "\tcgroup2\n" not in Path("/proc/filesystems").read_text():
        return "the kernel has no cgroup2"
    if "\toverlay\n" not in Path("/proc/filesystems").read_text():
        return "the kernel has no overlayfs"
    if not subprocess.run(
        ["findmnt", "--noheadings", "--types", "cgroup2"], capture_output=True, check=False
    ).stdout:
        return "no cgroup2 is mounted"
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], check=False).returncode:
        return "namespaces cannot be made here (a container?)"
    if _in_sight() is None:
        return "this Python's library is where services of the box cannot see it"
    return ""


def _in_sight() -> tuple[Path, dict[Path, str]] | None:
    """Where a Python of this version is in the box, and what must be shown there for it; None for nowhere.

    The system's own is taken where it is of this version: one that keeps its library elsewhere (a shared
    libpython under /root) would load the system's there, which fits no other.
    """
    system, base = Path("/usr"), Path(sys.base_prefix)
    if base.is_relative_to(system) or (system / "bin" / f"python3.{sys.version_info.minor}").exists():
        return (base if base.is_relative_to(system) else system), {}
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        return None
    return Path(PYTHON), {base: PYTHON}


@dataclass(frozen=True)
class Box:
    """A running box, by the PID that its systemd has out here."""

    pid: int

    @property
    def root(self) -> Path:
        """Its file system, as seen from outside."""
        return Path(f"/proc/{self.pid}/root")

    def path(self, place: str) -> Path:
        """Where an absolute path of the box is out here."""
        return self.root / place.removeprefix("/")

    def write(self, place: str, text: str, *, mode: int = 0o644) -> None:
        """A file with this text, and the folders it stands in."""
        path = self.path(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(mode)

    def _words(self, *words: str) -> list[str]:
        return ["nsenter", "--target", str(self.pid), "--all", "--", *words]

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command in the box that runs until the block ends."""
        with subprocess.Popen(
            self._words(*words), env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *words: str, within: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command in the box as its root, to its end."""
        return subprocess.run(
            self._words(*words),
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )

    def must(self, *words: str, within: float = 60) -> str:
        """What a command prints that must succeed."""
        done = self.run(*words, within=within)
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}{self.journal()[-4000:]}"
        return done.stdout

    def journal(self, *matches: str) -> str:
        """The journal of the box, or its entries that match; one message a line."""
        return self.run("journalctl", "--no-pager", "--output=cat", "--all", *matches).stdout

    def shows(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.must("systemctl", "show", "--value", f"--property={name}", unit).strip()

    @contextmanager
    def network(self) -> Iterator[None]:
        """What this thread does here is done in the box's network: sockets made here stay there."""
        libc = ctypes.CDLL(None, use_errno=True)
        with Path("/proc/thread-self/ns/net").open() as ours, Path(f"/proc/{self.pid}/ns/net").open() as its:
            _setns(libc, its.fileno())
            try:
                yield
            finally:
                _setns(libc, ours.fileno())


def _setns(libc: ctypes.CDLL, namespace: int) -> None:
    if libc.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def boot(root: Path, folder: Path, *, shown: Mapping[Path, str] | None = None) -> Iterator[Box]:
    """Boot the systemd of `root`; `shown` maps folders of this machine to where the box sees them."""
    with (folder / "console").open("wb") as console:
        place = folder / "box"
        place.mkdir()
        outer = subprocess.Popen(
            [
                str(HERE / "box.sh"),
                str(root),
                str(place),
                *(f"{source}:{target}" for source, target in (shown or {}).items()),
            ],
            stdout=console,
            stderr=console,
        )
    try:
        eventually(lambda: (place / "pid").exists() or outer.poll() is not None, within=60)
        assert outer.poll() is None, (folder / "console").read_text()
        box = Box(int((place / "pid").read_text()))
        eventually(lambda: box.run("systemctl", "is-system-running").stdout.strip() == "running", within=120)
        yield box
    finally:
        outer.kill()  # --kill-child: its systemd goes with it, and all that runs in there
        outer.wait()
        _remove_cgroup(Path((place / "cgroup").read_text().strip()))


def _remove_cgroup(cgroup: Path) -> None:
    """Remove the box's part of the cgroup tree, which is empty as soon as its last process is gone."""
    for _ in range(200):
        try:
            for folder, _, _ in os.walk(cgroup, topdown=False):
                Path(folder).rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return


def installation(folder: Path) -> dict[Path, str]:
    """An environment at /opt/media-monitor in the box that runs this checkout, for `boot(shown=...)`.

    It stands in the folder as a venv does, on an interpreter of the tests' version, with their packages.
    """
    checkout = HERE.parent.parent
    found, version = _in_sight(), f"python3.{sys.version_info.minor}"
    assert found is not None, why_not()
    base, needed = found
    shown = {checkout: "/opt/source", Path(_packages()): "/opt/packages", **needed}
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python3").symlink_to(base / "bin" / version)
    (folder / "pyvenv.cfg").write_text(f"home = {base}/bin\ninclude-system-site-packages = false\n")
    site = folder / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    (site / "box.pth").write_text("/opt/source\n/opt/packages\n")
    program = folder / "bin" / "monitor"
    program.write_text(
        "#!/opt/media-monitor/bin/python3\nfrom monitor.cli.main import main\n\nmain()\n", "utf-8"
    )
    program.chmod(0o755)
    return {folder: "/opt/media-monitor", **shown}


def _packages() -> str:
    """The folder of the packages that the tests run with."""
    import click

    return str(Path(click.__file__).parent.parent)
