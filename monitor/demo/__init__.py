"""A compressed morning on loopback: outlets that publish, sinks that receive, the real daemon between."""
