"""Everything about an address we poll: fetch, guard, parse, schedule."""
