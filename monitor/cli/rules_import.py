"""`monitor rules import`: rules from a list of phrases."""
import click
@click.command(name="import")
def command() -> int:
    return 0
