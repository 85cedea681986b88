"""What every page stands on: the state folder, the desk in force, the clock, templates, and forms.

Every handler is a function of a Site and a request, and runs in a thread with a connection of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.routing import Route

from monitor import config
from monitor.errors import UsageError
from monitor.rules.rule import EMPTY
from monitor.web.door import LONGEST_BODY, is_form_token
from monitor.web.wording import templates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from monitor.admission import Admission
    from monitor.config import Desk
    from monitor.model import StoryId
    from monitor.rules.rule import Rule, Rulebook
    from monitor.store.reading import Reading
    from monitor.web.door import Guesses

    Page = Callable[["Site", Request], Response]
    Change = Callable[["Site", Request, Mapping[str, str]], Response]

DAYS = 30  # that rules are counted over
LONGEST_VALUE = 500  # characters of a query, a comment, a value
_SAID = {  # after a change, by the word in the address: no text of an address is shown
    "split": "It is a story of its own now.",
    "merged": "The two are one story now.",
    "acknowledged": "It is seen to: it goes to no second receiver.",
    "muted": "It is muted. What is muted is counted in the next digest, not lost.",
    "unmuted": "The silence has ended. What it muted stays muted.",
}


# ---- the desk ----------------------------------------------------------------------------------------------


@dataclass
class DeskInForce:
    """The desk that the database holds, compiled once and again when another one is put in force."""

    _lock: Lock = field(default_factory=Lock)
    _kept: tuple[str, str] | None = None
    _desk: Desk | None = None

    def of(self, reading: Reading) -> Desk | None:
        """The desk, or None where no daemon has kept one."""
        with self._lock:
            if (kept := reading.desk()) != self._kept:  # the files whole: feeds are no part of the hash
                self._desk = config.desk_in_force(kept[0]) if kept else None
                self._kept = kept
            return self._desk

    def rulebook(self, reading: Reading) -> Rulebook:
        """The rules in force, or none."""
        desk = self.of(reading)
        return desk.rulebook if desk else EMPTY


# ---- the site ----------------------------------------------------------------------------------------------


class Site:
    """One state folder's page."""

    def __init__(
        self, state: Path, admission: Admission, clock: Callable[[], datetime], guesses: Guesses
    ) -> None:
        self.state, self.admission, self.clock, self.guesses = state, admission, clock, guesses
        self.zone = ZoneInfo(admission.zone)
        self.desk = DeskInForce()
        self._templates = templates(self.zone)

    def shown(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page made of a template and these values."""
        text = self._templates.get_template(template).render(
            now=self.clock(),
            path=request.url.path,
            form_token=request.state.form_token,
            user=request.state.user,
            has_session=bool(self.admission.token) and not request.state.user,
            said=_SAID.get(request.query_params.get("said", ""), ""),
            **values,
        )
        return HTMLResponse(text, status)

    def rule(self, reading: Reading, name: str) -> Rule | None:
        """The rule of this id, if it is in force."""
        return next((rule for rule in self.desk.rulebook(reading).rules if rule.id == name), None)

    def midnight(self, day: date) -> datetime:
        """When a day begins where the desk is."""
        return datetime.combine(day, time.min, tzinfo=self.zone)

    def last_days(self) -> tuple[datetime, list[date]]:
        """The days that rules are counted over, up to today, and when they began."""
        last = self.clock().astimezone(self.zone).date()
        days = [last - timedelta(days=number) for number in reversed(range(DAYS))]
        return self.midnight(days[0]), days

    # ---- routes -------------------------------------------------------------------------------------------

    def reads(self, path: str, page: Page) -> Route:
        """A page."""
        return Route(path, partial(page, self), methods=["GET"])

    def changes(self, path: str, change: Change) -> Route:
        """A change, behind a form that carries its page's token."""

        async def changed(request: Request) -> Response:
            body = b""
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST_BODY:
                    raise HTTPException(413, "This is too much for a form.")
            try:
                form = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))
            except ValueError as error:
                raise HTTPException(400, "This is no form of ours.") from error
            if not is_form_token(request.state, form.get("form_token", "")):
                raise HTTPException(
                    403, "The form is too old, or was not made here: go back, load anew, try again."
                )
            return await run_in_threadpool(change, self, request, form)

        return Route(path, changed, methods=["POST"])


# ---- from what is asked ------------------------------------------------------------------------------------


def number_of(request: Request) -> int:
    """The number in the path of a page; raises HTTPException."""
    return written(request.path_params["number"], lost=True)


def written(text: str, *, lost: bool = False) -> int:
    """A number as it stands in links, or the link itself; raises HTTPException."""
    digits = text.strip().rstrip("/").rpartition("/")[2].partition("?")[0]
    try:
        number = int(digits, 16) if len(digits) == 16 else -1  # noqa: PLR2004 - 64 bits
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 63:
        raise HTTPException(404 if lost else 400, "This is no number of a story or an entry.")
    return number


def story_of(reading: Reading, number: int) -> StoryId:
    """The story that a number means: its own, or that of an entry or alert; raises UsageError."""
    entry = reading.numbered(number)
    facts = reading.facts(entry) if entry is not None else None
    if facts is None:
        raise UsageError(
            "there is no such story", where=f"{number:016x}", remedy="copy its number from its page"
        )
    return facts.arrived.story
