"""The pages of the reference that are written by the program itself, so that they cannot lag behind it.

Each function returns one page as Markdown. `python -m handbook reference` writes them into docs/, where they
are kept, so that the documents read well without being built; a test holds them to what is returned here.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from sqlite_utils import Database

from monitor import errors
from monitor.cli.main import monitor
from monitor.rules.schema import schema
from monitor.store.schema import migrations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

WIDTH = 80  # columns of the help texts


def pages(root: Path) -> dict[str, str]:
    """Each page that is written, by its path in the tree, as it should stand."""
    makers: dict[str, Callable[[], str]] = {
        "docs/reference/commands.md": commands_page,
        "docs/reference/configuration.md": configuration_page,
        "docs/reference/database.md": lambda: database_page((root / _SCHEMA).read_text("utf-8")),
        "docs/reference/exit-statuses.md": exit_statuses_page,
        "docs/reference/metrics.md": lambda: metrics_page((root / _EXPOSITION).read_text("utf-8")),
        "docs/reference/log.md": lambda: log_page(_sources(root)),
        "docs/decisions/README.md": lambda: decisions_page(root / "docs" / "decisions"),
    }
    return {path: f"{make().rstrip()}\n" for path, make in makers.items()}


_SCHEMA = "monitor/store/schema.py"
_EXPOSITION = "monitor/exposition.py"

_COMMANDS = """\
# Commands

What `--help` prints of every command. Written by the program: `make reference`."""

_CONFIGURATION = """\
# Configuration

Every key of the YAML files in the desk's folder, which are read as one. The same stands in `schema.json`,
for editors: `monitor rules schema`. [rules.md](../rules.md), [alerts.md](../alerts.md),
[receivers.md](../receivers.md), [polling.md](../polling.md) and [web.md](../web.md) teach them. Written by
the program: `make reference`."""

_DATABASE = """\
# The database

`monitor.db` in the state folder, SQLite 3. Times are integers: milliseconds since 1970-01-01 UTC. Ids are
hashes of what they name ([decision 6](../decisions/0006-keys-are-hashes-of-content.md)); the commands print
them in hexadecimal. Read it as you like, read-only: `sqlite3 -readonly monitor.db`. Tables may change with
any version, so for what must last use `--json`. Written by the program: `make reference`."""

_EXIT_STATUSES = """\
# Exit statuses

They are part of what is promised, and will not change; [operations.md](../operations.md#exit-statuses) says
which command ends with which. Written by the program: `make reference`."""

_METRICS = """\
# Metrics

What `settings: metrics:` serves and `monitor status --prometheus` prints, in Prometheus' text format 0.0.4;
[operations.md](../operations.md#prometheus) says what to alert on. Written by the program:
`make reference`."""

_LOG = """\
# The log

One line an event, its keys fields of the journal: `feed=wire` is found by `journalctl FEED=wire`
([operations.md](../operations.md#the-journal)). Written by the program: `make reference`."""

_LINES = """\
`%s` and its like stand for what is filled in, `…` for the story and rules, or the letter, that a message is
of. An *exception* is an error with its traceback; what *varies* goes with the outcome."""

_DECISIONS = """\
# Decisions

What was weighed where something was traded away: the situation, the decision, what it is instead of, what
it costs. Numbers are given in rooms of ten, so some are free. Written by the program: `make reference`."""


def _sources(root: Path) -> dict[str, str]:
    files = sorted((root / "monitor").rglob("*.py"))
    return {str(file.relative_to(root)): file.read_text("utf-8") for file in files}


# ---- commands ----------------------------------------------------------------------------------------------


def commands_page() -> str:
    """Every verb's help, as the command prints it."""
    parts = [_COMMANDS]
    top = click.Context(monitor, info_name="monitor", terminal_width=WIDTH, **monitor.context_settings)
    for words, context in _commands(top):
        depth = "###" if len(words) > 2 else "##"  # noqa: PLR2004 - monitor, verb, verb of a verb
        shown = "\n".join(line.rstrip() for line in context.get_help().splitlines())
        parts.append(f"{depth} {' '.join(words)}\n\n```text\n{shown}\n```")
    return "\n\n".join(parts)


def _commands(context: click.Context) -> Iterator[tuple[list[str], click.Context]]:
    yield context.command_path.split(), context
    if not isinstance(context.command, click.Group):
        return
    for name in context.command.list_commands(context):
        command = context.command.get_command(context, name)
        if command is not None and not command.hidden:
            yield from _commands(click.Context(command, info_name=name, parent=context, terminal_width=WIDTH))


# ---- configuration -----------------------------------------------------------------------------------------

_PARTS = (
    ("settings", "What is true of the whole desk; in one file only."),
    ("feeds", "A list: the addresses that are polled."),
    ("receivers", "A map: the writer's own names, each with an address or with these keys."),
    ("names", "A map: people, places and bodies, asked for as `$key`."),
    ("terms", "A map: common words, asked for as `$key`."),
    ("rules", "A list: what is watched for, and who is told."),
)


def configuration_page() -> str:
    """Every key that the operator's files may hold, from the schema that editors use."""
    parts = [_CONFIGURATION]
    top = schema()["properties"]
    for key, sentence in _PARTS:
        parts += [f"## {key}", sentence, _keys(_map_in(top[key]))]
    return "\n\n".join(parts)


def _map_in(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The map with fixed keys that a node of the schema is, or is a list, map or choice of."""
    if "properties" in node:
        return node
    inner = [node.get("items"), node.get("additionalProperties"), *node.get("anyOf", ())]
    found = [_map_in(one) for one in inner if isinstance(one, dict)]
    return next((one for one in found if "properties" in one), {})


def _keys(part: Mapping[str, Any]) -> str:
    rows = ["| key | must be there | means |", "|---|---|---|", *_rows(part, "")]
    return "\n".join(rows)


def _rows(part: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, node in part["properties"].items():
        must = "yes" if key in part.get("required", ()) else ""
        choices = f" One of: {', '.join(node['enum'])}." if "enum" in node else ""
        told = node.get("description") or (node.get("additionalProperties") or {}).get("description", "")
        said = f"{told}{choices}".replace("|", "\\|")
        yield f"| `{prefix}{key}` | {must} | {_coded(said)} |"
        inner = _map_in(node)
        if inner and "file" not in inner["properties"]:  # an example's article is said once, in rules.md
            yield from _rows(inner, f"{prefix}{key}.")


def _coded(text: str) -> str:
    """The sentence with what Markdown or a reader could stumble over set as code."""
    return re.sub(r"\$\{[^}]+\}|\b[a-z0-9]+://\S+?(?=[,.]? |[,.]?$)|(?<!\w)\w+\*(?!\w)", r"`\g<0>`", text)


# ---- the database ------------------------------------------------------------------------------------------


def database_page(source: str) -> str:
    """Each table with its columns and indexes, as in an empty database; `source`: the schema's module."""
    database = Database(memory=True)
    migrations.apply(database)
    remarks = {
        table: " ".join(line.lstrip("- ") for line in lines.splitlines())
        for lines, table in re.findall(r"((?:^--.*\n)+)create (?:virtual )?table (\w+)", source, re.MULTILINE)
    }
    parts = [
        _DATABASE,
    ]
    tables = [
        name
        for (name,) in database.execute("select name from sqlite_master where type = 'table' order by name")
        if not re.match(r"sqlite_|_sqlite|catalogue_words_", name)
    ]
    parts += [_table(database, name, remarks.get(name, "")) for name in tables]
    return "\n\n".join(parts)


def _table(database: Database, name: str, remark: str) -> str:
    foreign = {
        row[3]: f"[{row[2]}](#{row[2]})" for row in database.execute(f"pragma foreign_key_list({name})")
    }
    rows = [
        _row(
            f"`{column}`",
            kind.lower() or "text",
            _notes(needed=bool(needed or key), default=default, key=bool(key)),
            foreign.get(column, ""),
        )
        for _, column, kind, needed, default, key in database.execute(f"pragma table_info({name})")
    ]
    indexes = database.execute(
        """
        select name, sql from sqlite_master where type = 'index' and tbl_name = ? and sql is not null
        order by name
        """,
        [name],
    )
    shown = [f"- {_index(sql)}" for _, sql in indexes]
    body = ["| column | type | | points at |", "|---|---|---|---|", *rows]
    text = [f"## {name}", *([f"{remark[:1].upper()}{remark[1:]}."] if remark else []), "\n".join(body)]
    return "\n\n".join([*text, *(["\n".join(["Indexes:", "", *shown])] if shown else [])])


def _notes(*, needed: bool, default: str | None, key: bool) -> str:
    said = ["key"] if key else []
    said += [] if needed else ["may be null"]
    return ", ".join(said if default is None else [*said, f"else `{default}`"])


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _index(sql: str) -> str:
    found = re.match(r"create (?:unique )?index (\w+) on \w+ ?(.*)", " ".join(sql.split()), re.IGNORECASE)
    assert found is not None, sql
    return f"`{found[1]}` {found[2]}"


# ---- exit statuses -----------------------------------------------------------------------------------------


def _sentence(error: type[errors.MonitorError]) -> str:
    return f"{re.split('[;.]', error.__doc__ or '')[0]}."


def exit_statuses_page() -> str:
    """What each exit status means, from the errors that end with it."""
    ends = sorted(
        (error.exit_status, _sentence(error))
        for error in (
            errors.UsageError,
            errors.LockedError,
            errors.StateError,
            errors.BusyError,
            errors.ConfigError,
        )
    )
    rows = [
        (0, "Done."),
        (1, "It failed, or something is wrong that was asked about."),
        *ends,
        (130, "Interrupted from the keyboard."),
    ]
    table = ["| status | means |", "|---|---|", *(f"| {status} | {means} |" for status, means in rows)]
    return "\n\n".join(
        [
            _EXIT_STATUSES,
            "\n".join(table),
        ]
    )


# ---- metrics -----------------------------------------------------------------------------------------------

_MAKERS = {"_gauge": "gauge", "_moment": "gauge", "_counter": "counter"}


def metrics_page(source: str) -> str:
    """Every metric with its kind, labels and sentence, from the module that makes them."""
    rows = ["| metric | kind | labels | is |", "|---|---|---|---|"]
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        maker = call.func.id if isinstance(call.func, ast.Name) else ""
        texts = [one.value for one in call.args if isinstance(one, ast.Constant)]
        if maker == "Family" and len(texts) > 2:  # noqa: PLR2004 - a name, a kind, a sentence
            rows.append(_metric(texts[0], texts[1], [], texts[2]))
        elif maker in _MAKERS and len(texts) > 1:
            labels = texts[2:] if maker == "_counter" else _labels(call)
            rows.append(_metric(texts[0], _MAKERS[maker], labels, texts[1]))
    return "\n\n".join(
        [
            _METRICS,
            "\n".join([*rows[:2], *sorted(rows[2:])]),
        ]
    )


def _metric(name: Any, kind: Any, labels: list[Any], text: Any) -> str:
    return f"| `media_monitor_{name}` | {kind} | {', '.join(f'`{one}`' for one in labels)} | {text} |"


def _labels(call: ast.Call) -> list[Any]:
    keys = [key for node in ast.walk(call) if isinstance(node, ast.Dict) for key in node.keys]
    return list(dict.fromkeys(key.value for key in keys if isinstance(key, ast.Constant)))


# ---- the log -----------------------------------------------------------------------------------------------

_LEVELS = {"info": "info", "warning": "warning", "error": "error", "exception": "exception"}
_KEY = re.compile(r"(?<![\w=])([a-z][a-z_]*)=")
_NAMED = {"story": "STORY_ID", "rule": "RULE", "rules": "RULE"}


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A line that the program logs: its template, level, and the module that logs it."""

    template: str
    level: str
    module: str


def log_page(sources: Mapping[str, str]) -> str:
    """Every line of the log with its level, and every field with the lines' modules that fill it."""
    lines = sorted({line for path, text in sources.items() for line in _logged(path, text)})
    keys: dict[str, set[str]] = {}
    for line in lines:
        for key in _KEY.findall(line.template):
            keys.setdefault(_NAMED.get(key, key.upper()), set()).add(line.module)
    fields = [
        f"| `{key}` | {', '.join(f'`{one}`' for one in sorted(modules))} |"
        for key, modules in sorted(keys.items())
    ]
    shown = [f"| {line.level} | `{_cell(line.template)}` | `{line.module}` |" for line in lines]
    return "\n\n".join(
        [
            _LOG,
            "## Fields",
            "\n".join(["| field | logged by |", "|---|---|", *fields]),
            "## Lines",
            _LINES,
            "\n".join(["| level | line | logged by |", "|---|---|---|", *shown]),
        ]
    )


def _logged(path: str, text: str) -> Iterator[Line]:
    """The lines that one module logs, with what it logs them by."""
    tree = ast.parse(text)
    said: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.JoinedStr):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    said.setdefault(target.id, []).append(_template(node.value))
    module = path.removesuffix(".py").replace("/", ".")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if not isinstance(node.func.value, ast.Name) or node.func.value.id != "log":
            continue
        for argument in node.args[:2]:
            known = said.get(argument.id, []) if isinstance(argument, ast.Name) else [_template(argument)]
            for template in filter(_KEY.search, known):
                yield Line(template, _LEVELS.get(node.func.attr, "varies"), module)


def _template(node: ast.expr) -> str:
    """The text of a template; a part put in by name stands as an ellipsis, a choice as its longer side."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_template, node.values))
    if isinstance(node, ast.FormattedValue):
        return _template(node.value) if isinstance(node.value, ast.IfExp) else "…"
    if isinstance(node, ast.IfExp):
        return max(_template(node.body), _template(node.orelse), key=len)
    return ""


def _cell(template: str) -> str:
    return template.partition("\n")[0].replace("|", "\\|")


# ---- decisions ---------------------------------------------------------------------------------------------


def decisions_page(folder: Path) -> str:
    """The list of decisions, by number."""
    files = sorted(folder.glob("[0-9]*.md"))
    titles = [file.read_text("utf-8").partition("\n")[0].lstrip("# ") for file in files]
    items = [
        f"- [{title.replace('. ', ' · ', 1)}]({file.name})" for file, title in zip(files, titles, strict=True)
    ]
    return "\n\n".join(
        [
            _DECISIONS,
            "\n".join(items),
        ]
    )
