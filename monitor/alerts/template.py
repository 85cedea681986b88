"""The texts of messages as templates: those that come with the program, and an operator's instead of them.

The only user of Jinja2, in its sandbox: a template sees the facts it is given (alerts.telling) and nothing
else. Where one of the operator's fails on a message, ours is used: no alert is lost to a template.
"""

from __future__ import annotations

from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAMES = ("chat.txt", "digest.html", "digest.txt", "mail.html", "mail.txt")

# Part of the program, as its modules are: read when it is imported, and never again.
SHIPPED: Mapping[str, str] = MappingProxyType(
    {name: (files("monitor.alerts") / "templates" / name).read_text("utf-8") for name in NAMES}
)


class _Given(BaseLoader):
    """Hands out the texts it was given; errors then name the template by its name."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def get_source(self, _environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        if template not in self._texts:
            raise TemplateNotFound(template)
        return self._texts[template], template, lambda: True


def _environment(
    texts: Mapping[str, str], kind: type[Environment] = ImmutableSandboxedEnvironment
) -> Environment:
    return kind(
        loader=_Given(texts),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


# Ours are the program's own words: the sandbox, which looks at each name before it is read, is for theirs.
_OURS = _environment(SHIPPED, Environment)


class Templates:
    """The templates in force: the operator's `own`, by name, and ours for the rest."""

    def __init__(
        self,
        own: Mapping[str, str] = MappingProxyType({}),
        *,
        complain: Callable[[str, str], None] = lambda _name, _what: None,
    ) -> None:
        """`complain` is called once for each template of `own` that fails: with its name, and how it did."""
        self._own = own
        self._theirs = _environment({**SHIPPED, **own})
        self._complain = complain
        self._failed: set[str] = set()

    def render(
        self, name: str, facts: Mapping[str, Any], *, fits: Callable[[str], bool] = lambda _text: True
    ) -> str:
        """The template with these facts filled in, without white space round it; ours, if it does not fit."""
        if name in self._own:
            try:
                text = self._theirs.get_template(name).render(facts).strip()
            except Exception as error:  # noqa: BLE001 - whatever fails in a template loses no alert
                self._note(name, f"line {_line(error, name)}: {_said(error)}")
            else:
                if fits(text):
                    return text
                self._note(name, "its text is longer than the message may be")
        return _OURS.get_template(name).render(facts).strip()

    def trial(self, name: str, facts: Mapping[str, Any]) -> tuple[int, str] | None:
        """(line, what) that is wrong with the operator's template when it is given these facts; or None."""
        try:
            self._theirs.get_template(name).render(facts)
        except TemplateSyntaxError as error:
            return error.lineno, error.message or "is no template"
        except Exception as error:  # noqa: BLE001 - it is reported, as a mistake of the template's
            return _line(error, name), _said(error)
        return None

    def _note(self, name: str, what: str) -> None:
        if name not in self._failed:
            self._failed.add(name)
            self._complain(name, what)


def _said(error: Exception) -> str:
    return f"{error}".partition("\n")[0] or type(error).__name__


def _line(error: Exception, name: str) -> int:
    """The line of the template on which it failed; 1 where that is not to be had."""
    found, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


OURS = Templates()
