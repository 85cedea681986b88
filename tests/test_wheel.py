"""What is built from a checkout: the wheel and the sdist, from pinned tools, without the network."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from release import __main__ as release
from release.bill import bill_of_materials, needs, pins
from tests.campaign.world import unmeasured

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent
EPOCH = "1767225600"  # 2026-01-01: any moment will do


def run(*words: object, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        env={**unmeasured(), "SOURCE_DATE_EPOCH": EPOCH, **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "--directory", folder, cwd=ROOT)
    return {"wheel": next(folder.glob("*.whl")), "sdist": next(folder.glob("*.tar.gz"))}


def test_the_wheel_carries_the_program_its_rules_and_its_unit_and_nothing_else(
    files: dict[str, Path],
) -> None:
    names = zipfile.ZipFile(files["wheel"]).namelist()
    for part in ("rules", "systemd"):
        sources = (source for source in (ROOT / part).rglob("*") if source.is_file())
        ours = {f"monitor/shipped/{source.relative_to(ROOT)}" for source in sources}
        assert {name for name in names if name.startswith(f"monitor/shipped/{part}/")} == ours
    assert "monitor/py.typed" in names
    assert {name.partition("/")[0] for name in names} == {"monitor", f"media_monitor-{version()}.dist-info"}
    code = {str(file.relative_to(ROOT)) for file in (ROOT / "monitor").rglob("*.py")}
    assert code == {name for name in names if name.endswith(".py")}


def test_the_sdist_carries_all_that_is_needed_to_build_test_and_package(files: dict[str, Path]) -> None:
    with tarfile.open(files["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"constraints.txt", ".ci/run", "Makefile", "LICENSE", "systemd/monitor.service"} <= names
    assert {
        "rules/feeds.yaml",
        "tests/test_wheel.py",
        "packaging/debian/build",
        "docs/operations.md",
    } <= names
    assert not [name for name in names if re.match(r"(state/.*db|\.venv|build|dist|\.git)/", name)]


def test_the_same_tree_builds_the_same_files(files: dict[str, Path], tmp_path: Path) -> None:
    run(sys.executable, "-m", "hatchling", "build", "--directory", tmp_path, cwd=ROOT)
    for file in files.values():
        assert digest(tmp_path / file.name) == digest(file)


def test_the_sdist_builds_the_same_wheel(files: dict[str, Path], tmp_path: Path) -> None:
    run("tar", "-xzf", files["sdist"], cwd=tmp_path)
    (tree,) = tmp_path.iterdir()
    run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        tmp_path / "d",
        cwd=tree,
    )
    assert digest(tmp_path / "d" / files["wheel"].name) == digest(files["wheel"])


def test_installed_the_program_finds_its_rules_and_its_unit(files: dict[str, Path], tmp_path: Path) -> None:
    """The wheel laid out as an installer does, before the checkout on the path."""
    with zipfile.ZipFile(files["wheel"]) as wheel:
        wheel.extractall(tmp_path / "site")  # noqa: S202 - of our own making
    env = {"PYTHONPATH": str(tmp_path / "site"), "HOME": str(tmp_path)}
    monitor = (sys.executable, "-m", "monitor")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "monitor").write_text("")
    shown = json.loads(
        run(*monitor, "service", "show", "--json", "--prefix", tmp_path, cwd=tmp_path, env=env)
    )
    assert shown["rules"] == str(tmp_path / "site" / "monitor" / "shipped" / "rules")
    assert f"ExecStart={tmp_path}/bin/monitor run" in "".join(unit["text"] for unit in shown["units"])
    checked = run(*monitor, "check", "--rules", shown["rules"], cwd=tmp_path, env=env)
    assert "no mistakes" in checked


def digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def version() -> str:
    from monitor import __version__

    return __version__


# ---- a release ---------------------------------------------------------------------------------------------


def test_a_release_is_all_its_files_and_their_digests(tmp_path: Path) -> None:
    built = release.build(tmp_path, epoch=int(EPOCH), deb=False)
    name = f"media_monitor-{version()}"
    wanted = [f"{name}-py3-none-any.whl", f"{name}.cdx.json", f"{name}.tar.gz", "SHA256SUMS"]
    assert [file.name for file in built] == wanted
    lines = (tmp_path / "SHA256SUMS").read_text().splitlines()
    assert lines == [f"{digest(file)}  {file.name}" for file in built[:-1]]


def test_the_bill_names_what_the_program_needs_with_version_and_licence(files: dict[str, Path]) -> None:
    text = bill_of_materials(ROOT, files["wheel"], epoch=int(EPOCH))
    assert text == bill_of_materials(ROOT, files["wheel"], epoch=int(EPOCH))
    bill = json.loads(text)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {part["name"]: part for part in bill["components"]}
    direct = {
        re.split(r"[^a-z0-9-]", one)[0] for one in project["dependencies"] if "python_version" not in one
    }
    assert direct <= set(named)
    assert not {"pytest", "hypothesis", "ruff"} & set(named)
    assert [name for name, part in named.items() if not part.get("licenses")] == []
    assert bill["metadata"]["timestamp"] == "2026-01-01T00:00:00+00:00"
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": digest(files["wheel"])}]
    pinned = pins((ROOT / "constraints.txt").read_text())
    assert all(part["version"] == pinned[name].version for name, part in named.items())


def test_what_is_not_installed_needs_nothing_that_we_know_of() -> None:
    assert needs("no-such-package", {}) == []
