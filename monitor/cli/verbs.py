"""A command whose verbs are modules, imported when they are used: --help and the shell's TAB stay quick."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from click.shell_completion import CompletionItem


class Verbs(click.Group):
    """The verbs of `verbs`, name to what it does; each one's `command` stands in the module prefix + name."""

    def __init__(self, *args: Any, verbs: Mapping[str, str], prefix: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._verbs = verbs
        self._prefix = prefix

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The verbs, in the order in which help names them."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The verb's command, its module imported now; None for no verb."""
        if cmd_name not in self._verbs:
            return None
        command: click.Command = importlib.import_module(self._prefix + cmd_name.replace("-", "_")).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that is called; raises UsageError, naming what may have been meant."""
        if args[0] not in self._verbs and not args[0].startswith("-") and not ctx.resilient_parsing:
            near = get_close_matches(args[0], self._verbs, 1)
            meant = f", did you mean {near[0]}?" if near else ""
            raise click.UsageError(f'there is no command "{args[0]}"{meant}', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The verbs with what they do, for help, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._verbs.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The verbs that begin so, for the shell, without importing any; and the options."""
        from click.shell_completion import CompletionItem

        verbs = [
            CompletionItem(verb, help=said)
            for verb, said in self._verbs.items()
            if verb.startswith(incomplete)
        ]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]
