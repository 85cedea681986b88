"""The documents do as they say: their YAML is a desk without mistakes, commands run, links lead on."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.config import load_desk
from monitor.rules.document import read
from monitor.store.store import Store
from tests.campaign.__main__ import Size, probes
from tests.campaign.mutants import PACKAGES
from tests.campaign.world import Crowd
from tests.desks import called
from tests.fakes import START

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("rules/*.md"), *ROOT.glob("benchmarks/*.md"), *ROOT.glob("docs/**/*.md")]
)
SHIPPED = sorted(ROOT.glob("rules/*.yaml"))

HARMLESS = {"monitor", "cat", "cp", "echo", "grep", "ls", "mkdir", "sqlite3"}
# Commands that are shown and cannot be run here: how they begin, and why.
NOT_RUN = (
    ("python -m tests", "takes its time, and wants the environment of the tests"),
    ("make", "sets up the whole tree, and runs these tests"),
    (".ci/run", "runs these tests"),
    (".venv/bin/python -m tests.campaign", "tries to break the program, for some minutes"),
    ("monitor demo", "takes its time; it is a step of the checks by itself"),
    ("monitor run", "polls feeds, and this machine may have no network"),
    ("monitor status", "needs a state that a daemon has worked on"),
    ("export", "sets what the next command needs, and ends with its shell"),
    ("monitor feeds add", "asks a feed, and this machine may have no network"),
    ("monitor feeds import", "needs a list of the reader's"),
    ("monitor receivers test", "sends a message"),
    ("sha256sum", "needs a release"),
    ("~/monitor/bin/pip", "needs the registry"),
    ("monitor why", "needs a state that a daemon has worked on"),
    ("monitor web", "serves until it is ended"),
    ("monitor tail", "needs a state that a daemon has worked on"),
    ("monitor stats", "needs a state that a daemon has worked on"),
    ("ssh", "needs another machine"),
    ("scp", "needs another machine"),
    ("openssl", "makes a secret; those of docs/cluster.md are run by test_cluster.py"),
    ("for part in", "the same"),
    ("dask", "serves until it is ended"),
    ("monitor rules backtest", "needs a state that a daemon has worked on"),
    ("monitor rules try https", "fetches a page, and this machine may have no network"),
    ("git", "changes the checkout, or needs the network"),
    ("cd", "goes to a place that is not here"),
    ("sudo", "changes the machine"),
    ("apt", "changes the machine"),
    ("systemctl", "changes the machine"),
    ("systemd-analyze", "is run on the unit by the tests of the unit"),
    ("loginctl", "changes the machine"),
    ("journalctl", "reads the machine's journal"),
    ("python3", "makes an environment from the registry"),
    ("pip", "needs the registry"),
    ("uv", "needs the registry"),
    ("PYTHON=", "sets up the whole tree"),
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a document: its language, what stands in it, and the line on which it begins."""

    kind: str
    text: str
    line: int


def blocks(document: Path) -> list[Block]:
    """Every fenced block, indented ones (in lists) too."""
    text = document.read_text("utf-8")
    fences = re.finditer(r"^( *)```(\w+)[^\n]*\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    return [
        Block(
            found[2],
            re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE),
            text.count("\n", 0, found.start()) + 2,
        )
        for found in fences
    ]


def commands(document: Path) -> list[str]:
    """Every command that is shown with a prompt, continued lines joined."""
    shown = "\n".join(block.text for block in blocks(document) if block.kind == "console")
    return re.findall(r"^\$ (.+)$", shown.replace("\\\n", " "), re.MULTILINE)


def why_not_run(command: str) -> str:
    """The reason why a command is not run, or "" if it is."""
    return next((reason for begin, reason in NOT_RUN if re.match(re.escape(begin) + r"(?!\w)", command)), "")


def says(path: Path, text: str) -> set[str]:
    """The keys at the top of a YAML text."""
    root = read(str(path), text, [])
    return {key.text for key, _ in root.pairs} if root else set()


def ids(documents: list[Path]) -> list[str]:
    return [str(document.relative_to(ROOT)) for document in documents]


def _is_a_drop_in(text: str) -> None:
    units = ConfigParser(interpolation=None)
    # As its manual does it, to keep capitals.
    units.optionxform = str  # type: ignore[assignment, method-assign]
    units.read_string(text)
    assert set(units.sections()) <= {"Unit", "Service", "Install"}
    assert all(key[0].isupper() for section in units.sections() for key in units[section])


def _is_of_nginx(text: str) -> None:
    """Its statements end and its braces close; whether nginx takes them is for nginx to say."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert all(line[-1] in "{};" for line in lines), lines
    assert text.count("{") == text.count("}")


TRIED: dict[str, Callable[[str], object]] = {"text": str, "ini": _is_a_drop_in, "nginx": _is_of_nginx}

with_yaml = [document for document in DOCUMENTS if any(block.kind == "yaml" for block in blocks(document))]
with_commands = [document for document in DOCUMENTS if commands(document)]


@pytest.mark.parametrize("document", with_yaml, ids=ids(with_yaml))
def test_the_yaml_of_a_document_is_a_desk_without_mistakes(document: Path, tmp_path: Path) -> None:
    """All blocks of one document are one desk; what they leave unsaid is said by the shipped files."""
    shown: set[str] = set()
    for block in blocks(document):
        if block.kind == "yaml":
            # Blank lines before it, so that a mistake is told with its line in the document.
            file = tmp_path / f"{document.stem}-{block.line}.yaml"
            file.write_text("\n" * (block.line - 1) + block.text, "utf-8")
            shown |= says(file, block.text)
    for file in SHIPPED:
        if not says(file, file.read_text("utf-8")) & {*shown, "rules"}:
            shutil.copy(file, tmp_path)
    load_desk(tmp_path, env={}, secrets_required=False)


def _write_named_files(document: Path, folder: Path) -> None:
    """A block that begins with "# FOLDER/NAME.yaml" is that file, as the reader has written it."""
    for block in blocks(document):
        if block.kind == "yaml" and (named := re.match(r"# ([\w-]+/[\w-]+\.yaml)\n", block.text)):
            (folder / named[1]).parent.mkdir(exist_ok=True)
            (folder / named[1]).write_text(block.text, "utf-8")


def _work_on(rules: Path, state: Path) -> None:
    """Leave what a daemon on these rules would have: the desk that it kept, and a story that it told of."""
    desk = load_desk(rules, env={}, secrets_required=False)
    story = int("3f2a9c0d51e7b684", 16)
    with Store(state) as store:
        store.keep_desk(desk.sources.packed(), rulebook=desk.rulebook.hash, now=START)
        store._db.execute("insert into stories values (?, 'A headline', 0, 0)", (story,))
        store._db.execute(
            """
            insert into entries values (?1, 'wire', 'Wire', '', '', 'A headline', '', '', null, null, '', 0,
                null, 'news', ?1, ?1, null, 'new', 0, '', '')
            """,
            (story,),
        )
        store._db.execute(
            """
            insert into alerts (id, story, rule, kind, lead, entry, article, title, severity, mentions,
                rulebook, created)
            values (?1, ?1, 'peace-agreement', 'new', ?1, ?1, '{"title": "A headline"}', '', 3, '[]', '', 0)
            """,
            (story,),
        )
        store._db.execute(
            "insert into deliveries (alert, receiver, state, due) values (?, 'desk', 'dead', 0)", (story,)
        )


@pytest.mark.parametrize("document", with_commands, ids=ids(with_commands))
def test_the_commands_of_a_document_run(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    (tmp_path / "state").mkdir()
    _work_on(tmp_path / "rules", tmp_path / "state")
    _write_named_files(document, tmp_path)
    for command in commands(document):
        if why_not_run(command):
            continue
        assert command.split()[0] in HARMLESS, (
            f"{command}: say in NOT_RUN why it is not run, or that it is harmless"
        )
        program, *words = shlex.split(command, comments=True)
        wants_a_shell = program != "monitor" or re.search(r"[|&;<>$`*?~]", command)
        done = in_a_shell(command, tmp_path) if wants_a_shell else called(*words)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def in_a_shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-ec", command],
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(ROOT),  # the documents of this checkout run this checkout
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids(DOCUMENTS))
def test_whatever_is_shown_in_a_block_is_tried(document: Path) -> None:
    """YAML is read, commands are run, text is what is printed or made; other kinds are tried here."""
    for block in blocks(document):
        assert block.kind in {"yaml", "console", *TRIED}, f"{block.kind} at line {block.line}"
        if block.kind in TRIED:
            TRIED[block.kind](block.text)


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids(DOCUMENTS))
def test_no_link_of_a_document_is_dead(document: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", document.read_text("utf-8"), flags=re.DOTALL)
    links = re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose)
    assert [link for link in links if ":" not in link and not leads_on(document, link)] == []


PROOFS = [ROOT / "docs" / "security.md", ROOT / "docs" / "reliability.md"]


@pytest.mark.parametrize("document", PROOFS, ids=ids(PROOFS))
def test_every_test_that_a_document_names_is_there(document: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", document.read_text("utf-8")))
    tests = "\n".join(file.read_text("utf-8") for file in ROOT.glob("tests/**/test_*.py"))
    assert named
    assert named - set(re.findall(r"^ *def (test_\w+)\(", tests, re.MULTILINE)) == set()


@pytest.mark.parametrize("document", PROOFS, ids=ids(PROOFS))
def test_every_probe_that_a_document_names_is_one_of_the_campaign(document: Path) -> None:
    named = set(
        re.findall(r"--only (\w+)", re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.DOTALL))
    )
    assert named
    assert named - set(probes(Crowd(), Size(short=True))) - set(PACKAGES) == set()


def leads_on(document: Path, link: str) -> bool:
    """Whether a relative link has a file at its end, and the heading in it that it asks for."""
    path, _, heading = link.partition("#")
    target = document.parent / path if path else document
    if not target.exists():
        return False
    return not heading or heading in headings(target)


def headings(document: Path) -> set[str]:
    """The anchors of a document's headings, as forges make them."""
    prose = re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("begin", [begin for begin, _ in NOT_RUN if begin.startswith("monitor ")])
def test_a_verb_that_is_not_run_exists_all_the_same(begin: str) -> None:
    done = called(*begin.split()[1:], "--help")
    assert done.returncode == 0, done.stderr


# ---- the first page, and the table of peers ----------------------------------------------------------------


def test_the_readme_is_read_in_a_minute() -> None:
    """At most 700 words, all that stands between white space counted: code, tables and their lines too."""
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= 700


def _transcripts(document: Path) -> list[tuple[str, str]]:
    """Each command that is shown with what it prints, and that."""
    shown = "\n".join(block.text for block in blocks(document) if block.kind == "console")
    parts = [part.split("\n", 1) for part in re.split(r"^\$ ", shown, flags=re.MULTILINE)[1:]]
    return [(part[0], part[1].strip()) for part in parts if len(part) > 1 and part[1].strip()]


def test_the_transcript_of_the_readme_is_what_is_printed(tmp_path: Path) -> None:
    ((command, printed),) = _transcripts(ROOT / "README.md")
    words = [sys.executable, "-m", "monitor", *shlex.split(command)[1:]]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        words,
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == printed


def test_the_morning_of_the_readme_is_the_demos() -> None:
    """The demo itself is a step of the checks; here its words are held to those of the document."""
    (shown,) = (block.text for block in blocks(ROOT / "README.md") if block.kind == "text")
    told = re.search(r"slack-desk  (.+)\n +(\w+) · (.+) · published", shown)
    assert told is not None
    files = [*(ROOT / "monitor" / "demo").glob("*.py"), ROOT / "monitor" / "cli" / "demo.py"]
    texts = "".join(file.read_text("utf-8") for file in files)
    for said in (told[1], told[3], "railway-agreement", "copies folded", "messages received"):
        assert said in texts, said


def _rows(document: Path) -> list[list[str]]:
    """The first table of a document, its head and body, without the numbers of sources."""
    table = re.search(r"(?:^\|.*\n)+", document.read_text("utf-8"), re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table[0].splitlines()]


def test_every_cell_about_a_peer_has_a_source() -> None:
    document = ROOT / "docs" / "comparison.md"
    sources = dict(re.findall(r"^(\d+)\. (.+(?:\n +.+)*)", document.read_text("utf-8"), re.MULTILINE))
    cited = []
    for row in _rows(document)[2:]:
        numbers = [re.search(r"\[(\d+)\]$", cell) for cell in row[1:]]
        assert all(numbers), row
        cited += [number[1] for number in numbers if number]
    assert set(cited) == set(sources)
    assert all("](" in text or "<https://" in text or ".md" in text for text in sources.values())
    assert [row[0] for row in _rows(document)] == [row[0] for row in _rows(ROOT / "README.md")]
