"""`monitor completion SHELL`: what a shell needs to complete verbs, options and the names of a desk."""

from __future__ import annotations

import click


@click.command(
    name="completion",
    epilog="""\b
Examples:
  monitor completion bash > ~/.local/share/bash-completion/completions/monitor
  monitor completion zsh > ~/.zfunc/_monitor                with fpath+=~/.zfunc before compinit
  monitor completion fish > ~/.config/fish/completions/monitor.fish""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print what SHELL needs to complete `monitor` on TAB.

    It completes verbs and options, and the names in your files: feeds, rules, receivers, outlets. It reads
    the files of the folder that the command would use, each time, and nothing else.
    """
    from click.shell_completion import get_completion_class

    from monitor.cli.main import monitor
    from monitor.cli.spoken import HEARD

    kind = get_completion_class(shell)
    assert kind is not None, "click knows these three"
    click.echo(kind(monitor, {}, "monitor", HEARD).source())
    return 0
