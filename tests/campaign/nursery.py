"""Forks one process after another, each of which becomes `monitor`, or a function, with the words it is told.

Reads an order a line from standard input (JSON: words, log, stopped, call), writes the child's pid, waits for
its end and writes its status. `call` is "module:function", or "" for `monitor` itself. Single-threaded, so
that a fork copies no lock that another thread holds.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING

import monitor

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Serve orders until standard input ends."""
    for module in walk_packages(monitor.__path__, "monitor."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):
                import_module(module.name)
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
    try:
        (_called(call) if call else _monitor)(words)
    except SystemExit as end:
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException:  # noqa: BLE001 - the end of a process of its own
        import traceback

        traceback.print_exc()
        os._exit(70)
    os._exit(0)


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
