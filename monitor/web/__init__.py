"""The desk's page: what is stored, for people, in a browser; the only room that serves requests."""
