"""Runs inside the unit's sandbox and says, as JSON, what came of trying what the unit forbids and allows.

Started with the service's interpreter and nothing but the standard library; a refusal is its errno's name.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import resource
import socket
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIBC = ctypes.CDLL(None, use_errno=True)
STATE = Path(os.environ["STATE_DIRECTORY"])
CREDENTIALS = Path(os.environ["CREDENTIALS_DIRECTORY"])
# x86-64 and the generic table of arm64 and riscv64 (asm/unistd.h)
SYSCALLS = {
    "x86_64": {"mount": 165, "reboot": 169, "init_module": 175, "bpf": 321, "ptrace": 101},
}.get(
    os.uname().machine,
    {"mount": 40, "reboot": 142, "init_module": 105, "bpf": 280, "ptrace": 117},
)


def tried(act: Callable[[], object]) -> str:
    """What came of it: done, or the name of the error."""
    try:
        act()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"


def called(function: Callable[..., int], *arguments: object) -> str:
    """The same for a function of the C library."""
    ctypes.set_errno(0)
    return "done" if function(*arguments) != -1 else errno.errorcode[ctypes.get_errno()]


def seen(folder: str) -> list[str]:
    """The names in a folder."""
    return sorted(place.name for place in Path(folder).iterdir())


def status(name: str) -> str:
    """A line of /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:"))


def grown_memory() -> None:
    """Written, then made to run: what code that breaks in would want."""
    size = mmap.PAGESIZE
    LIBC.mmap.restype = ctypes.c_void_p
    LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    place = LIBC.mmap(
        None, size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0
    )
    if LIBC.mprotect(ctypes.c_void_p(place), size, mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "mprotect")


def written_and_run() -> None:
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def kept_file() -> None:
    (STATE / "probe").write_text("kept")


def suid_file() -> None:
    (STATE / "probe").chmod(stat.S_ISUID | 0o755)


def others() -> list[str]:
    """The processes that /proc shows and that are not this one."""
    return sorted(name for name in seen("/proc") if name.isdigit() and name != str(os.getpid()))


def main() -> None:
    kept = tried(kept_file)
    found = {
        "keeps state": kept,
        "reads the desk": tried(lambda: next(Path("/etc/monitor").glob("*.yaml")).read_text()),
        "reads its credentials": tried(lambda: [file.read_text() for file in CREDENTIALS.iterdir()]),
        "opens IPv4": tried(lambda: socket.socket(socket.AF_INET).close()),
        "opens IPv6": tried(lambda: socket.socket(socket.AF_INET6).close()),
        "opens Unix": tried(lambda: socket.socket(socket.AF_UNIX).close()),
        "limits a parser": tried(
            lambda: resource.setrlimit(resource.RLIMIT_AS, resource.getrlimit(resource.RLIMIT_AS))
        ),
        "writes /etc": tried(lambda: Path("/etc/probe").write_text("")),
        "writes /usr": tried(lambda: Path("/usr/probe").write_text("")),
        "writes /var": tried(lambda: Path("/var/probe").write_text("")),
        "writes the desk": tried(lambda: Path("/etc/monitor/probe.yaml").write_text("")),
        "reads the credentials' source": tried(lambda: seen("/etc/monitor/credentials")),
        "reads /root": tried(lambda: seen("/root")),
        "sees in /home": seen("/home") if tried(lambda: seen("/home")) == "done" else [],
        "sees in /tmp": seen("/tmp"),  # noqa: S108 - that is the question
        "sees in /dev": seen("/dev"),
        "sees processes": others(),
        "sees /proc/meminfo": Path("/proc/meminfo").exists(),
        "writes /proc/sys": tried(lambda: Path("/proc/sys/kernel/hostname").write_text("x")),
        "writes /sys": tried(lambda: Path("/sys/kernel/uevent_helper").write_text("x")),
        "makes a cgroup": tried(lambda: Path("/sys/fs/cgroup/probe").mkdir()),
        "makes a device": tried(lambda: os.mknod(STATE / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))),
        "makes a suid file": tried(suid_file),
        "capabilities": [status(name) for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")],
        "gains privileges": status("NoNewPrivs") == "0",
        "filtered": status("Seccomp"),
        "uid": os.getuid(),
        "users outside": Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"],
        "makes a user namespace": called(LIBC.unshare, 0x10000000),
        "makes a mount namespace": called(LIBC.unshare, 0x00020000),
        "writes and runs memory": tried(written_and_run),
        "runs written memory": tried(grown_memory),
        "opens netlink": tried(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()),
        "opens packets": tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()),
        "opens vsock": tried(lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close()),
        "real time": tried(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))),
        "raises its priority": tried(lambda: os.setpriority(os.PRIO_PROCESS, 0, -1)),
        "changes personality": called(LIBC.personality, 0x0040000),
        "sets the host's name": tried(lambda: socket.sethostname("probe")),
        "sets the clock": called(LIBC.clock_settime, 0, ctypes.byref((ctypes.c_long * 2)(0, 0))),
        "becomes root": tried(lambda: os.setuid(0)),
        "changes root": tried(lambda: os.chroot("/")),
        "core size": resource.getrlimit(resource.RLIMIT_CORE),
        "umask": os.umask(0o077),
    }
    for name, number in SYSCALLS.items():
        found[f"calls {name}"] = called(LIBC.syscall, number, 0, 0, 0, 0, 0)
    json.dump(found, sys.stdout)
    (STATE / "found.json").write_text(json.dumps(found))


main()
