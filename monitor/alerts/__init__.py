"""From matches to messages: decide, compose, notify."""
