"""media-monitor: watches news feeds and tells people once per story, with the reason."""

__version__ = "0.1.0"
