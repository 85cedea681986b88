"""How the desk stands as Prometheus reads it: its text format, version 0.0.4. Decides; touches nothing.

https://prometheus.io/docs/instrumenting/exposition_formats/ ; names as in its naming conventions: base units,
`_total` for what only grows. What only grows is counted in the database, so it outlives restarts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor import __version__
from monitor.feeds import health, subscription
from monitor.store.report import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.store.report import Report

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_POLLS = ("fresh", "unchanged", "failed")
_PUSHES = ("rung", "ignored")
_ENTRIES = ("new", "copy", "development")
_SENDS = ("sent", "failed", "uncertain", "dead")
_STATES = ("due", "sending", "sent", "dead")


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with its samples: labels and value."""

    name: str
    kind: str  # gauge, counter
    help: str
    samples: tuple[tuple[Mapping[str, str], float], ...]

    def __str__(self) -> str:
        name = f"media_monitor_{self.name}"
        lines = [f"# HELP {name} {_help(self.help)}", f"# TYPE {name} {self.kind}"]
        lines += [f"{name}{_labels(labels)} {value:.17g}" for labels, value in self.samples]
        return "\n".join(lines) + "\n"


def exposition(report: Report, *, running: bool, now: datetime) -> str:
    """The whole text, ending with a newline."""
    return "".join(map(str, families(report, running=running, now=now)))


def families(report: Report, *, running: bool, now: datetime) -> list[Family]:
    """Every metric. One that has no value yet (no poll was made) has no sample."""
    feeds = Counter(health.condition(state, error, now=now) for state, error in report.feeds.values())
    hubs = Counter(subscription.standing(one, now=now) for one in report.subscriptions)
    desk, crew = report.desk, report.crew
    polling = crew if running else None  # of one that is dead the last word is stored
    return [
        _gauge("build_info", "The version that answers.", [({"version": __version__}, 1)]),
        _gauge("running", "Whether a daemon holds the state folder.", [({}, running)]),
        _gauge("time_seconds", "The clock of this machine.", [({}, now.timestamp())]),
        _gauge("feeds", "Feeds by health.", [({"health": one}, feeds[one]) for one in health.CONDITIONS]),
        _counter("polls_total", "Polls by outcome.", "outcome", _of(report, "polls", _POLLS)),
        _gauge(
            "subscriptions",
            "Subscriptions at feeds' hubs by how they do.",
            [({"state": one}, hubs[one]) for one in subscription.STATES],
        ),
        _counter(
            "pushes_total", "Rings of hubs by what was done.", "outcome", _of(report, "pushes", _PUSHES)
        ),
        _gauge(
            "push_deaf",
            "Whether hubs cannot be listened for where the settings say.",
            [({}, report.doorbell is not None and bool(report.doorbell[1]))],
        ),
        _gauge(
            "cluster_workers",
            "Workers of the cluster that poll for us; 0 where this machine polls, or nobody does.",
            [({}, polling.workers if polling else 0)],
        ),
        _gauge(
            "cluster_threads",
            "Polls that they hold at once.",
            [({}, polling.threads if polling else 0)],
        ),
        _gauge(
            "cluster_away",
            "Whether the settings name a cluster that could not be used when it was last tried.",
            [({}, crew is not None and not crew.workers)],
        ),
        _moment("last_poll_timestamp_seconds", "When a poll last ended.", report.last_poll),
        _counter(
            "entries_total",
            "Entries by what they were to their story.",
            "kind",
            _of(report, "entries", _ENTRIES),
        ),
        _counter(
            "texts_total",
            "Pages of entries by what reading them gave.",
            "outcome",
            _of(report, "texts", TEXTS),
        ),
        Family("alerts_total", "counter", "Alerts decided.", (({}, report.tally("alerts")),)),
        _counter(
            "sends_total", "Messages by what came of sending them.", "outcome", _of(report, "sends", _SENDS)
        ),
        _moment("last_sent_timestamp_seconds", "When a message was last accepted.", report.last_sent),
        _gauge(
            "deliveries",
            "Deliveries in the database by state; sent ones go with their story's text.",
            [
                ({"receiver": queue.receiver, "state": state}, queue.states.get(state, 0))
                for queue in report.queues
                for state in dict.fromkeys((*_STATES, *queue.states))
            ],
        ),
        _gauge(
            "oldest_undelivered_seconds",
            "How long the oldest alert has waited for its receiver; 0 where none waits.",
            [
                ({"receiver": queue.receiver}, (now - queue.oldest).total_seconds() if queue.oldest else 0)
                for queue in report.queues
            ],
        ),
        _gauge("rulebook_info", "The rules in force.", [({"hash": desk.rulebook}, 1)] if desk else []),
        _moment("rulebook_loaded_timestamp_seconds", "When they were read.", desk.loaded if desk else None),
        _gauge(
            "rulebook_refused",
            "Whether the files have mistakes, and older rules are in force.",
            [({}, desk is not None and desk.refused is not None)],
        ),
        _gauge("stored", "Rows in the database.", [({"what": what}, n) for what, n in report.stored.items()]),
        _gauge(
            "database_bytes", "The database's files.", [({"file": f}, n) for f, n in report.sizes.items()]
        ),
    ]


def _of(report: Report, what: str, kinds: Iterable[str]) -> dict[str, int]:
    return {kind: report.tally(f"{what} {kind}") for kind in kinds}


def _gauge(name: str, text: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Family:
    return Family(name, "gauge", text, tuple(samples))


def _counter(name: str, text: str, label: str, counts: Mapping[str, int]) -> Family:
    return Family(name, "counter", text, tuple(({label: kind}, count) for kind, count in counts.items()))


def _moment(name: str, text: str, moment: datetime | None) -> Family:
    return _gauge(name, text, [({}, moment.timestamp())] if moment else [])


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
