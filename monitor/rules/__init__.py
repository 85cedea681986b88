"""Watch rules: from YAML to values, from an entry to its matches. Decides; touches nothing."""
