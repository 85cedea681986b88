"""From the nodes of the rule files to a Rulebook. Every mistake is told; what is broken is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

from monitor import text as plain
from monitor.model import Entry, Severity, identity
from monitor.rules import document
from monitor.rules.condition import AnyOf, Name, names, needed, parse
from monitor.rules.examples import failing_examples
from monitor.rules.lexicon import Builder, Role
from monitor.rules.phrase import phrases
from monitor.rules.rule import EMPTY, Example, Position, Rule, Rulebook, Spelling
from monitor.timetable import NotUnderstoodError, Timing, hours, limit, timetable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from monitor.errors import Fault
    from monitor.rules.condition import Condition
    from monitor.rules.document import Node

__all__ = ["EMPTY", "Example", "Position", "Rule", "Rulebook", "compile_rulebook", "failing_examples"]

SECTIONS = ("names", "terms", "rules")  # the top keys that are read here
NAME_KEYS = ("name", "role", "full", "short", "context", "except")
TERM_KEYS = ("words", "except")
RULE_KEYS = (
    "id", "title", "when", "any", "sources", "not-sources", "lang", "severity", "send", "limit", "digest",
    "active", "was", "examples",
)  # fmt: skip
EXAMPLE_KEYS = ("title", "summary", "body", "source", "lang", "file")
EXPECTATIONS = ("match", "ignore", "later")

_LANGUAGE_VERSION = "1"  # part of the hash: equal files that mean something new are another rulebook
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_NUMBER = re.compile(r"owner=-?\d+, ")
_LANG = re.compile(r"[a-z]{2,3}")
_ROLES = {
    "full": Role.FULL,
    "short": Role.SHORT,
    "context": Role.CONTEXT,
    "except": Role.EXCEPT,
    "words": Role.WORD,
}


def compile_rulebook(
    roots: Sequence[Node],
    *,
    receivers: Collection[str],
    sources: Collection[str],
    read_article: Callable[[str], str],
    faults: list[Fault],
) -> Rulebook:
    """The rulebook of all the files together; reads only their names, terms and rules.

    `receivers` and `sources` (feed names, outlets and tags) are what rules may name; `read_article` gives
    the text of an example's `file:` or raises OSError. Mistakes are appended to `faults`, all of them.
    """
    found = len(faults)
    compiler = _Compiler(_World(receivers, sources, read_article), faults)
    for root in roots:
        compiler.gather(root)
    rulebook = compiler.rulebook()
    faults[found:] = _in_order(faults[found:], roots)
    return rulebook


def _in_order(faults: list[Fault], roots: Sequence[Node]) -> list[Fault]:
    """The faults as a reader meets them: file by file, line by line, none twice."""
    files = {root.file: number for number, root in reversed(list(enumerate(roots)))}
    return sorted(dict.fromkeys(faults), key=lambda fault: (files.get(fault.file, 0), fault))


@dataclass(frozen=True, slots=True)
class _World:
    """What the rules may refer to outside the rule files."""

    receivers: Collection[str]
    sources: Collection[str]
    read_article: Callable[[str], str]


class _Compiler:
    """One compilation: gathers definitions and rules file by file, then closes them into a Rulebook."""

    def __init__(self, world: _World, faults: list[Fault]) -> None:
        self._world = world
        self._faults = faults
        self._builder = Builder()
        self._owners: dict[str, int] = {}  # each name and term, and its number
        self._defined: dict[str, Node] = {}  # and where
        self._whats: list[str] = []
        self._loose: dict[str, int] = {}  # each phrase of an `any:`, and its number
        self._meanings: dict[int, str] = {}  # each name and term, and all that is said of its words
        self._spellings: list[Spelling] = []
        self._content: list[str] = [_LANGUAGE_VERSION]  # what the hash is made of
        self._rule_nodes: list[Node] = []

    # -- gathering ---------------------------------------------------------------------------------------

    def gather(self, root: Node) -> None:
        """One file: its names and terms at once, its rules for later, since they may use other files'."""
        if root.kind != "map":
            self._faults.append(root.fault("a rule file must be keys and values", 'begin it with "rules:"'))
            return
        seen: set[str] = set()
        for key, value in root.pairs:
            if key.text not in SECTIONS or key.text in seen:
                continue  # the reader of the whole file refuses unknown and repeated keys
            seen.add(key.text)
            if key.text == "rules":
                self._gather_rules(value)
            else:
                self._gather_definitions(key.text, value)

    def _gather_rules(self, node: Node) -> None:
        if node.kind == "list":
            self._rule_nodes.extend(node.items)
        elif node.kind == "map" or node.text:
            self._faults.append(node.fault('"rules" must be a list', 'begin each rule with "- id:"'))

    def _gather_definitions(self, section: str, node: Node) -> None:
        for key, value in document.entries(node, self._faults, what=f'"{section}"'):
            if not self._is_free(key):
                continue
            self._defined[key.text] = key
            self._owners[key.text] = self._owner("$" + key.text)
            self._define(key, value, proper=section == "names")

    def _is_free(self, key: Node) -> bool:
        if not _ID.fullmatch(key.text):
            self._faults.append(_bad_id(key, "the name"))
            return False
        first = self._defined.get(key.text)
        if first is not None:
            self._faults.append(
                key.fault(f'"{key.text}" is defined twice (first at {first.file}:{first.line})')
            )
        return first is None

    def _owner(self, what: str) -> int:
        self._whats.append(what)
        return len(self._whats) - 1

    def _define(self, key: Node, node: Node, *, proper: bool) -> None:
        known = NAME_KEYS if proper else TERM_KEYS
        lists = document.fields(node, known, self._faults, what=f'"{key.text}"')
        for label in ("name", "role"):
            if label in lists:
                document.text(lists[label], self._faults, what=f'"{label}"')
        if node.kind == "map":
            filled = {label for label, values in lists.items() if values.kind != "list" or values.items}
            self._refuse_silent(key, filled, proper=proper)
        owner = self._owners[key.text]
        spelt = {label: lists[label] for label in _ROLES if label in lists}
        for label, values in spelt.items():
            self._spell(owner, label, values, proper=proper)
        self._meanings[owner] = repr((proper, [(label, _content(spelt[label])) for label in sorted(spelt)]))
        self._content.append(_canonical(key, node))

    def _refuse_silent(self, key: Node, lists: Collection[str], *, proper: bool) -> None:
        """A definition that could never be found anywhere."""
        if not proper and "words" not in lists:
            self._faults.append(key.fault(f'"{key.text}" has no "words"', "list what to look for"))
        elif proper and "full" not in lists and "short" not in lists:
            self._faults.append(
                key.fault(f'"{key.text}" has neither "full" nor "short"', "list its spellings")
            )
        elif proper and "full" not in lists and "context" not in lists:
            self._faults.append(
                key.fault(
                    f'"{key.text}" has a "short" that never counts', 'add a "full" form or a "context" word'
                )
            )

    def _spell(self, owner: int, label: str, node: Node, *, proper: bool) -> None:
        for scalar in document.scalars(node, self._faults, what=f'"{label}"'):
            self._add(owner, _ROLES[label], scalar, proper=proper)

    def _add(self, owner: int, role: Role, scalar: Node, *, proper: bool) -> None:
        spelt = phrases(scalar, self._faults)
        place = Position(scalar.file, scalar.line, scalar.column)
        self._spellings.append(Spelling(owner, role, proper, scalar.text.strip(), spelt, place))
        for phrase in spelt:
            self._builder.add(owner, role, phrase, proper=proper)

    # -- rules -------------------------------------------------------------------------------------------

    def rulebook(self) -> Rulebook:
        rules = tuple(rule for node in self._rule_nodes if (rule := self._rule(node)) is not None)
        rules = self._unique(rules)
        triggers: dict[int, list[int]] = {}
        for number, rule in enumerate(rules):
            for owner in needed(rule.condition):
                triggers.setdefault(owner, []).append(number)
        return Rulebook(
            rules=rules,
            hash=blake2b("\n".join(self._content).encode(), digest_size=16).hexdigest(),
            lexicon=self._builder.lexicon(),
            whats=tuple(self._whats),
            triggers={owner: tuple(numbers) for owner, numbers in triggers.items()},
            spellings=tuple(self._spellings),
        )

    def _unique(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """The rules without those whose id stands already; a `was` must be an id that is free."""
        first: dict[str, Rule] = {}
        for rule in rules:
            place = rule.position
            node = document.Node(place.file, place.line, place.column, "scalar")
            if rule.id in first:
                before = first[rule.id].position
                what = f'rule "{rule.id}" appears twice (first at {before.file}:{before.line})'
                self._faults.append(node.fault(what, "give it another id"))
            first.setdefault(rule.id, rule)
        for rule in first.values():
            if rule.was in first:
                place = rule.position
                node = document.Node(place.file, place.line, place.column, "scalar")
                what = f'"was: {rule.was}" names a rule that is still here'
                self._faults.append(node.fault(what, "remove the old rule, or the was:"))
        return tuple(first.values())

    def _rule(self, node: Node) -> Rule | None:
        before = len(self._faults)
        values = document.fields(node, RULE_KEYS, self._faults, what="a rule")
        if node.kind != "map":
            return None
        id_node = values.get("id")
        rule_id = self._id(node, id_node)
        condition = self._condition(node, values)
        place = id_node or node
        rule = Rule(
            id=rule_id,
            title=self._text(values, "title") or rule_id,
            severity=self._severity(values.get("severity")),
            send=self._send(node, values.get("send")),
            condition=condition or Name(-1, ""),
            was=self._was(values.get("was"), rule_id),
            sources=self._known(values, "sources"),
            not_sources=self._known(values, "not-sources"),
            lang=self._lang(values.get("lang")),
            examples=tuple(self._examples(values.get("examples"))),
            position=Position(place.file, place.line, place.column),
            timing=self._timing(values),
        )
        rule = replace(rule, content=self._content_of(rule))
        self._content.append(_canonical(None, _without_examples(node)))
        return rule if len(self._faults) == before else None

    def _content_of(self, rule: Rule) -> str:
        """A hash of all that decides what the rule fires on; numbers of names are this compilation's own."""
        asked = sorted((name.what, self._meanings.get(name.owner, "")) for name in names(rule.condition))
        filters = [sorted(values) for values in (rule.sources, rule.not_sources, rule.lang)]
        said = repr((_LANGUAGE_VERSION, _NUMBER.sub("", repr(rule.condition)), asked, filters))
        return blake2b(said.encode(), digest_size=16).hexdigest()

    def _id(self, rule: Node, node: Node | None) -> str:
        if node is None:
            self._faults.append(
                rule.fault('a rule has no "id"', "history hangs on it: give it a short one for good")
            )
            return ""
        found = document.text(node, self._faults, what='"id"')
        if found and not _ID.fullmatch(found):
            self._faults.append(_bad_id(node, "the id"))
        return found

    def _condition(self, rule: Node, values: dict[str, Node]) -> Condition | None:
        when, words = values.get("when"), values.get("any")
        if when is not None and words is not None:
            self._faults.append(words.fault('a rule has both "when" and "any"', "keep one of them"))
            return None
        if when is not None:
            spelt = document.text(when, self._faults, what='"when"')
            return parse(when, self._owners, self._faults) if spelt else None
        if words is not None:
            return self._any(words)
        self._faults.append(rule.fault('a rule has neither "when" nor "any"', "say what to look for"))
        return None

    def _any(self, node: Node) -> Condition | None:
        """Each phrase of `any:` is a term of its own, called what it is spelt."""
        found = [
            Name(self._loose_owner(scalar), scalar.text.strip())
            for scalar in document.scalars(node, self._faults, what='"any"')
        ]
        if not found:
            self._faults.append(node.fault('"any" is empty', "list what to look for"))
            return None
        return AnyOf(tuple(found))

    def _loose_owner(self, scalar: Node) -> int:
        spelling = scalar.text.strip()
        if spelling not in self._loose:
            self._loose[spelling] = self._owner(spelling)
            self._add(self._loose[spelling], Role.WORD, scalar, proper=False)
        return self._loose[spelling]

    def _text(self, values: dict[str, Node], key: str) -> str:
        return document.text(values[key], self._faults, what=f'"{key}"') if key in values else ""

    def _severity(self, node: Node | None) -> Severity:
        if node is None:
            return Severity.NORMAL
        word = document.text(node, self._faults, what='"severity"')
        levels = {level.name.lower(): level for level in Severity}
        if word and word not in levels:
            remedy = document.nearest(word, levels) or "write low, normal, high or critical"
            self._faults.append(node.fault(f'"{word}" is no severity', remedy))
        return levels.get(word, Severity.NORMAL)

    def _send(self, rule: Node, node: Node | None) -> tuple[str, ...]:
        if node is None:
            self._faults.append(rule.fault('a rule has no "send"', "name at least one receiver"))
            return ()
        names = document.scalars(node, self._faults, what='"send"')
        if node.kind == "list" and not node.items:
            self._faults.append(node.fault('"send" is empty', "name at least one receiver"))
        self._refuse_unknown(names, self._world.receivers, "receiver")
        return tuple(dict.fromkeys(name.text.strip() for name in names))

    def _known(self, values: dict[str, Node], key: str) -> frozenset[str]:
        if key not in values:
            return frozenset()
        names = document.scalars(values[key], self._faults, what=f'"{key}"')
        if values[key].kind == "list" and not values[key].items:
            self._faults.append(values[key].fault(f'"{key}" is empty', "name a source, or remove the key"))
        self._refuse_unknown(names, self._world.sources, "feed, outlet or tag")
        return frozenset(name.text.strip() for name in names)

    def _refuse_unknown(self, names: Iterable[Node], known: Collection[str], kind: str) -> None:
        for name in names:
            if name.text.strip() not in known:
                what = f'there is no {kind} "{name.text.strip()}"'
                self._faults.append(name.fault(what, document.nearest(name.text.strip(), known)))

    def _lang(self, node: Node | None) -> frozenset[str]:
        if node is None:
            return frozenset()
        codes = document.scalars(node, self._faults, what='"lang"')
        if node.kind == "list" and not node.items:
            self._faults.append(node.fault('"lang" is empty', "name a language, or remove the key"))
        for code in codes:
            if not _LANG.fullmatch(code.text.strip()):
                self._faults.append(code.fault(f'"{code.text}" is no language code', "write en, ru, hy, ..."))
        return frozenset(plain.language_code(code.text) for code in codes)

    def _was(self, node: Node | None, rule_id: str) -> str:
        if node is None:
            return ""
        was = document.text(node, self._faults, what='"was"')
        if was and not _ID.fullmatch(was):
            self._faults.append(_bad_id(node, "the id"))
        elif was and was == rule_id:
            self._faults.append(node.fault('"was" is the id that the rule has now', "remove it"))
        return was

    def _timing(self, values: dict[str, Node]) -> Timing:
        return Timing(
            limit=understood(values.get("limit"), limit, self._faults),
            digest=understood(values.get("digest"), timetable, self._faults),
            active=understood(values.get("active"), hours, self._faults),
        )

    # -- examples ----------------------------------------------------------------------------------------

    def _examples(self, node: Node | None) -> Iterable[Example]:
        if node is None:
            return
        lists = document.fields(node, EXPECTATIONS, self._faults, what='"examples"')
        for expected, values in lists.items():
            if values.kind == "scalar" and not values.text:
                continue
            for item in values.items if values.kind == "list" else (values,):
                yield self._example(expected, item)

    def _example(self, expected: str, node: Node) -> Example:
        place = Position(node.file, node.line, node.column)
        if node.kind == "scalar":
            title = document.text(node, self._faults, what="an example")
            return Example(expected, _article(title=title), frozenset(), place)
        before = len(self._faults)
        values = document.fields(node, EXAMPLE_KEYS, self._faults, what="an example")
        parts = {key: self._text(values, key) for key in EXAMPLE_KEYS if key in values}
        source = parts.pop("source", "")
        if source:
            self._refuse_unknown([values["source"]], self._world.sources, "feed, outlet or tag")
        if "file" in values:
            parts.update(self._from_file(values["file"], parts.pop("file"), titled="title" in parts))
        texts = (parts.get(key) for key in ("title", "summary", "body"))
        if not any(texts) and len(self._faults) == before:
            self._faults.append(
                node.fault("an example has no text", "give a title, a summary, a body or a file")
            )
        return Example(expected, _article(**parts, source=source), frozenset({source} - {""}), place)

    def _from_file(self, node: Node, path: str, *, titled: bool) -> dict[str, str]:
        """A saved article: its first line is the title (unless the example gives one), the rest the body."""
        try:
            article = self._world.read_article(path) if path else ""
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self._faults.append(node.fault(f'cannot read the article "{path}": {reason}'))
            return {}
        if titled:
            return {"body": article}
        title, _, body = article.strip().partition("\n")
        return {"title": title, "body": body}


_Time = TypeVar("_Time")


def understood(node: Node | None, read: Callable[[str], _Time], faults: list[Fault]) -> _Time | None:
    """The hours, timetable or limit that the node says; None, and a fault, where it says none."""
    if node is None:
        return None
    written = document.text(node, faults, what="it")
    try:
        return read(written) if written else None
    except NotUnderstoodError as error:
        faults.append(node.fault(error.what, error.remedy))
        return None


def _article(
    *, title: str = "", summary: str = "", body: str = "", source: str = "", lang: str = ""
) -> Entry:
    """An example as an entry, cleaned as entries are when they come in."""
    return Entry(
        id=identity("example", title, summary, body),
        feed=source,
        outlet=source,
        guid="",
        link="",
        title=plain.one_line(title),
        summary=plain.clean(summary),
        body=plain.clean(body),
        published=None,
        lang=lang or None,
        digest="",
    )


def _bad_id(node: Node, kind: str) -> Fault:
    return node.fault(
        f'{kind} "{node.text}" is not usable',
        "write small letters a-z, digits and hyphens, with a letter first",
    )


def _without_examples(rule: Node) -> Node:
    """The rule without its examples, which change nothing about what matches."""
    return replace(rule, pairs=tuple(pair for pair in rule.pairs if pair[0].text != "examples"))


def _canonical(key: Node | None, node: Node) -> str:
    """A node's content without its places, for the hash."""
    return repr((key.text if key else "", _content(node)))


def _content(node: Node) -> object:
    if node.kind == "scalar":
        return node.text
    if node.kind == "list":
        return [_content(item) for item in node.items]
    return sorted((key.text, repr(_content(value))) for key, value in node.pairs)
