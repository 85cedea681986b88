"""The schema says what the loader says: the same keys, no file refused that the loader takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import config
from monitor import settings as desk_settings
from monitor.model import Severity
from monitor.rules import document, rulebook
from monitor.rules.schema import MODELINES, schema

if TYPE_CHECKING:
    from monitor.errors import Fault
    from monitor.rules.document import Node

ROOT = Path(__file__).parent.parent.parent
FAULTS = Path(__file__).parent / "faults"
SCHEMA = schema()
TYPES: dict[str, type] = {"object": dict, "array": list, "string": str, "null": type(None)}


def value_of(node: Node) -> Any:
    """The node as an editor's YAML would have it, scalars as text; of a key that stands twice, the last."""
    if node.kind == "list":
        return [value_of(item) for item in node.items]
    if node.kind == "map":
        return {key.text: value_of(value) for key, value in node.pairs}
    return node.text or None


def accepts(schema: dict[str, Any], value: Any) -> bool:
    """Whether a value is valid, by the part of draft 7 that the schema uses: a keyword beyond it fails."""
    keywords = dict(schema)
    for note in ("$schema", "title", "description"):
        keywords.pop(note, None)
    return all(HELD[keyword](value, wanted, schema) for keyword, wanted in keywords.items())


def is_type(value: Any, wanted: Any, _: dict[str, Any]) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    return any(isinstance(value, TYPES[name]) for name in names if name in TYPES)


def properties(value: Any, wanted: Any, _: dict[str, Any]) -> bool:
    return not isinstance(value, dict) or all(
        accepts(wanted[key], one) for key, one in value.items() if key in wanted
    )


def additional(value: Any, wanted: Any, whole: dict[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    others = [one for key, one in value.items() if key not in whole.get("properties", {})]
    return not others if wanted is False else all(accepts(wanted, one) for one in others)


HELD: dict[str, Any] = {
    "type": is_type,
    "properties": properties,
    "additionalProperties": additional,
    "required": lambda value, wanted, _: not isinstance(value, dict) or set(wanted) <= set(value),
    "items": lambda value, wanted, _: (
        not isinstance(value, list) or all(accepts(wanted, one) for one in value)
    ),
    "minItems": lambda value, wanted, _: not isinstance(value, list) or len(value) >= wanted,
    "anyOf": lambda value, wanted, _: any(accepts(one, value) for one in wanted),
    "oneOf": lambda value, wanted, _: sum(accepts(one, value) for one in wanted) == 1,
    "enum": lambda value, wanted, _: value in wanted,
    "pattern": lambda value, wanted, _: (
        not isinstance(value, str) or re.search(wanted, value.strip()) is not None
    ),
    "minLength": lambda value, wanted, _: not isinstance(value, str) or len(value) >= wanted,
    "propertyNames": lambda value, wanted, _: (
        not isinstance(value, dict) or all(accepts(wanted, key) for key in value)
    ),
}


def test_the_schema_has_the_keys_of_the_loader() -> None:
    tops = SCHEMA["properties"]
    assert tuple(tops) == config.TOP_KEYS
    rule = tops["rules"]["items"]["properties"]
    assert set(rule) == set(rulebook.RULE_KEYS)
    assert set(tops["settings"]["properties"]) == set(desk_settings.KEYS)
    assert set(tops["feeds"]["items"]["properties"]) == set(config.FEED_KEYS)
    assert set(tops["names"]["additionalProperties"]["properties"]) == set(rulebook.NAME_KEYS)
    assert set(tops["terms"]["additionalProperties"]["properties"]) == set(rulebook.TERM_KEYS)
    assert set(rule["examples"]["properties"]) == set(rulebook.EXPECTATIONS)
    article = rule["examples"]["properties"]["match"]["anyOf"][1]
    assert set(article["properties"]) == set(rulebook.EXAMPLE_KEYS)
    assert rule["severity"]["enum"] == [level.name.lower() for level in Severity]


def read(path: Path) -> Node | None:
    return document.read(path.name, path.read_text("utf-8"), [])


@pytest.mark.parametrize("path", sorted((ROOT / "rules").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_file_is_valid_and_says_where_its_schema_is(path: Path) -> None:
    root = read(path)
    assert root is not None
    assert accepts(SCHEMA, value_of(root))
    assert path.read_text("utf-8").splitlines()[:2] == [line.format(path="schema.json") for line in MODELINES]


def test_the_shipped_schema_is_that_of_the_loader() -> None:
    assert json.loads((ROOT / "rules" / "schema.json").read_text("utf-8")) == schema()


# What only the loader can know, or what is no matter of keys and choices.
BEYOND = re.compile(
    r"example-(empty|missing-file|unknown-source)|.*-twice|name-lists-empty|phrase-.*|when-.*|wildcard-.*|yaml-.*"
    r"|rule-(active-(always|unknown-day)|digest-unknown-zone|title-empty|unknown-(not-)?source|unknown-receiver|was-another|was-itself)|term-empty-item"
)


@pytest.mark.parametrize("path", sorted(FAULTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_schema_refuses_every_mistake_of_keys_and_choices(path: Path) -> None:
    root = read(path)
    if root is None or BEYOND.fullmatch(path.stem):
        return
    assert not accepts(SCHEMA, value_of(root))


KEYS = {
    "names": rulebook.NAME_KEYS,
    "terms": rulebook.TERM_KEYS,
    "rules": (*rulebook.RULE_KEYS, "ayn"),
}
TEXTS = st.sampled_from(["desk", "one", "high", "en", "$a", "x", ""])
VALUES = st.one_of(TEXTS, st.lists(TEXTS, max_size=2), st.just({"match": ["x"]}))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_the_loader_takes_the_schema_takes(data: st.DataObject) -> None:
    root: dict[str, Any] = {"terms": {"a": {"words": ["x"]}}}
    root["rules"] = [
        data.draw(st.dictionaries(st.sampled_from(KEYS["rules"]), VALUES, max_size=5))
        | {"id": "one", "send": "desk"}
    ]
    root["names"] = {"b": data.draw(st.dictionaries(st.sampled_from(KEYS["names"]), VALUES, max_size=4))}
    faults: list[Fault] = []
    node = document.read("a.yaml", json.dumps(root), faults)
    assert node is not None
    book = rulebook.compile_rulebook(
        [node], receivers=["desk"], sources=["desk", "one"], read_article=str, faults=faults
    )
    if not faults and book.rules:
        assert accepts(SCHEMA, value_of(node))
