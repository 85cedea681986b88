"""Where secrets are kept, and the texts that name them filled in: ${credential:…}, ${env:…}, ${file:…}.

Reads files and the environment that it is handed; what is not there is a mistake or a note, never an error.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from monitor.rules import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.errors import Fault
    from monitor.rules.document import Node

SECRET = re.compile(r"\$\{(?:(credential|env|file):)?([^{}]*)\}")


@dataclass(frozen=True)
class Vault:
    """Where secrets are kept: systemd's credentials, the environment, files of their own."""

    folder: Path
    env: Mapping[str, str]
    required: bool
    kept: bool = False  # of a desk that was kept: an address may be blank

    def filled(
        self,
        node: Node,
        text: str,
        faults: list[Fault],
        notes: list[str],
        *,
        whose: str = "what it is for",
        in_address: bool = True,
    ) -> str | None:
        """The text with its ${…} filled in; None if one is missing, which is a fault or a note.

        A secret that is only part of an address is percent-encoded: a password may hold any character.
        """
        if not text:
            return None
        whole = SECRET.fullmatch(text)
        missing = False

        def fill(found: re.Match[str]) -> str:
            nonlocal missing
            try:
                value = self._secret(found[1], found[2])
            except LookupError as error:
                missing = True
                self._say(node, error, faults, notes, whose=whose, known=found[1] is not None)
                return ""
            return value if whole or not in_address else quote(value, safe="")

        url = SECRET.sub(fill, text)
        return None if missing else url

    def place(
        self, node: Node, faults: list[Fault], notes: list[str], *, whose: str
    ) -> tuple[str, str] | None:
        """The path of a file that the node names, and a digest of what it holds; None if it is not here.

        `${credential:NAME}` is that credential's file, any other text a path from the folder of rules.
        """
        text = document.text(node, faults, what="a file")
        found = SECRET.fullmatch(text)
        if not text:
            return None
        try:
            path = self._path(found[1], found[2]) if found else self.folder / text
            return str(path), blake2b(self._file(path, f"see who may read {path.name}").encode()).hexdigest()
        except LookupError as error:
            self._say(node, error, faults, notes, whose=whose, known=True)
            return None

    def say(self, found: list[Fault], faults: list[Fault], notes: list[str]) -> None:
        """Mistakes in an address: notes in a desk that was kept, which starts without that address."""
        if self.kept:
            notes += map(str, found)
        else:
            faults += found

    def _say(
        self,
        node: Node,
        error: LookupError,
        faults: list[Fault],
        notes: list[str],
        *,
        whose: str,
        known: bool,
    ) -> None:
        """A secret that is not here: a mistake, or a note where it need not be here."""
        if self.required or not (known or self.kept):
            faults.append(node.fault(str(error.args[0]), str(error.args[1])))
        else:
            notes.append(f"{node.file}:{node.line}:{node.column}: {error.args[0]}: {whose} was not checked")

    def _path(self, kind: str | None, name: str) -> Path:
        """Where a secret's file is. Raises LookupError(what, remedy)."""
        if kind == "file":
            return self.folder / name
        if kind == "credential":
            folder = self.env.get("CREDENTIALS_DIRECTORY")
            if not folder or "/" in name:
                raise LookupError(f'there is no credential "{name}"', _to_write(name))
            # Of LoadCredential=receiver:FOLDER, FOLDER/NAME is the credential receiver_NAME.
            in_folder = Path(folder) / f"receiver_{name}"
            return in_folder if os.path.lexists(in_folder) else Path(folder) / name
        raise LookupError(f"${{{name}}} is no file's place", "write a path or ${credential:NAME}")

    def _secret(self, kind: str | None, name: str) -> str:
        """Raises LookupError(what, remedy)."""
        if kind == "env":
            if not self.env.get(name):
                raise LookupError(f"${name} is not set", f"set {name} in the service's environment")
            return self.env[name]
        if kind == "file":
            return self._file(self._path(kind, name), f"write the secret to {name}")
        if kind == "credential":
            return self._file(self._path(kind, name), _to_write(name))
        raise LookupError(
            f"${{{name}}} is no secret's place", "write ${credential:NAME}, ${env:NAME} or ${file:PATH}"
        )

    def _file(self, path: Path, remedy: str) -> str:
        try:
            value = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise LookupError(
                f"the secret {path.name} cannot be read ({type(error).__name__})", remedy
            ) from error
        if not value:
            raise LookupError(f"the secret {path.name} is empty", remedy)
        return value


def _to_write(name: str) -> str:
    """What to do about a credential that is not here."""
    return (
        f"write it to credentials/{name} beside these files and restart the service;"
        " outside one, set $CREDENTIALS_DIRECTORY"
    )
