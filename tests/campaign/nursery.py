"""Forks one process after another, each of which becomes `monitor`, or a function, with the words it is told.

Reads an order a line from standard input (JSON: words, log, stopped, call), writes the child's pid, waits for
its end and writes its status. `call` is "module:function", or "" for `monitor` itself. Single-threaded, so
that a fork copies no lock that another thread holds.

The parser processes of its daemons are forked too, by a process beside it: what a daemon starts in their
place hands that one the pipe, and stays until the parser ends.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from contextlib import contextmanager, suppress
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING

import monitor
from monitor.alerts.notify import faults
from monitor.feeds import worker, workers
from monitor.model import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LATER = ("rich.progress", "netrc", "encodings.utf_8_sig")  # what a life imports on its way
# What a daemon starts as its parser: gives its pipe and limits to who forks parsers, and ends with that one.
_PARSER = """
import _socket, os, sys
pipe, *limits = sys.argv[1:]
parser = _socket.socket(_socket.AF_UNIX)
parser.connect({address!r})
own = int(pipe).to_bytes(4, sys.byteorder)
parser.sendmsg([" ".join(limits).encode()], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, own)])
os.close(int(pipe))
parser.recv(1)
"""


def main() -> None:
    """Serve orders until standard input ends."""
    _import_all()
    with _forked_parsers():
        _serve()


def _import_all() -> None:
    for module in walk_packages(monitor.__path__, "monitor."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):
                import_module(module.name)
    for name in _LATER:
        import_module(name)
    faults(Receiver("any", "json://localhost"))  # Apprise loads its services when it is first asked
    gc.freeze()


@contextmanager
def _forked_parsers() -> Iterator[None]:
    """Have parsers of daemons forked and not started anew."""
    address = f"\0media-monitor-campaign-{os.getpid()}"
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen(64)
    pid = os.fork()
    if pid == 0:
        _fork_parsers(server)
    server.close()
    workers._PROGRAM = _PARSER.format(address=address)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _fork_parsers(server: socket.socket) -> None:
    silence = os.open(os.devnull, os.O_RDWR)
    for end in range(3):
        os.dup2(silence, end)
    while True:
        daemon = server.accept()[0]
        if os.fork() == 0:
            server.close()
            try:
                limits, (pipe,), *_ = socket.recv_fds(daemon, 100, 1)
                worker.main([str(pipe), *limits.decode().split()])
            finally:
                os._exit(0)
        daemon.close()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _serve() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(order["words"], order["log"], stopped=order["stopped"], call=order["call"])
        _say(pid)
        _say(os.waitpid(pid, 0)[1])


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _become(words: list[str], log: str, *, stopped: bool, call: str) -> None:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    silence = os.open(os.devnull, os.O_RDONLY)
    os.dup2(silence, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    if stopped:
        os.kill(os.getpid(), signal.SIGSTOP)
    status = 70
    try:
        (_called(call) if call else _monitor)(words)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - the end of a process of its own
        import traceback

        traceback.print_exc()
    finally:  # whatever cannot be said any more: what stands around us is the nursery's
        os._exit(status)


def _monitor(words: list[str]) -> None:
    from monitor.cli.main import main as monitor_main

    sys.argv = ["monitor", *words]
    monitor_main()


def _called(name: str) -> Callable[[list[str]], None]:
    module, _, function = name.partition(":")
    found: Callable[[list[str]], None] = getattr(import_module(module), function)
    return found


if __name__ == "__main__":
    main()
