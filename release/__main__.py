"""Builds a release into a folder (dist/), the same from the same commit; see docs/releases.md.

python -m release [FOLDER] [--no-deb] [--twice]
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

from release.bill import bill_of_materials

ROOT = Path(__file__).parent.parent
SUMS = "SHA256SUMS"


def build(folder: Path, *, epoch: int, deb: bool) -> list[Path]:
    """Build everything into `folder`; the files, the checksums last. Exits where it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    with tempfile.TemporaryDirectory() as scratch:
        _run([sys.executable, "-m", "hatchling", "build", "--directory", scratch], environment)
        if deb:
            _run([str(ROOT / "packaging" / "debian" / "build"), scratch], environment)
        (wheel,) = Path(scratch).glob("*.whl")
        name = "-".join(wheel.name.split("-")[:2])
        (Path(scratch) / f"{name}.cdx.json").write_text(bill_of_materials(ROOT, wheel, epoch=epoch), "utf-8")
        built = [Path(shutil.copy(file, folder)) for file in sorted(Path(scratch).iterdir())]
    sums = folder / SUMS
    sums.write_text("".join(f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in built))
    return [*built, sums]


def _run(words: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"release: {' '.join(words)} failed\n{done.stdout}{done.stderr}")


def last_commit() -> int:
    """When the last commit was made, in seconds of the epoch; $SOURCE_DATE_EPOCH where it is set."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    told = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if told.returncode:
        sys.exit("release: this is no checkout with a commit - set SOURCE_DATE_EPOCH")
    return int(told.stdout)


def differing(one: list[Path], folder: Path) -> list[str]:
    """The names of files that are not the same in `folder`, byte for byte."""
    return [file.name for file in one if not filecmp.cmp(file, folder / file.name, shallow=False)]


def main(words: list[str] | None = None) -> int:
    """The exit status: 1 where the second build of --twice differs from the first."""
    parser = argparse.ArgumentParser(prog="python -m release", description="Build a release.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist")
    parser.add_argument("--no-deb", action="store_true", help="leave the Debian package out")
    parser.add_argument("--twice", action="store_true", help="build it again elsewhere, and compare")
    asked = parser.parse_args(words)
    deb = not asked.no_deb and shutil.which("dpkg-deb") is not None
    if not deb and not asked.no_deb:
        print("release: without the Debian package - dpkg-deb is not here", file=sys.stderr)
    epoch = last_commit()
    files = build(asked.folder, epoch=epoch, deb=deb)
    print("\n".join(map(str, files)))
    if not asked.twice:
        return 0
    with tempfile.TemporaryDirectory() as second:
        build(Path(second), epoch=epoch, deb=deb)
        others = differing(files, Path(second))
    print(f"built twice: {', '.join(others)} differ" if others else "built twice: the same, byte for byte")
    return 1 if others else 0


if __name__ == "__main__":
    sys.exit(main())
