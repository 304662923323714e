"""``v6expose schema``: what the run document looks like."""

import click

from scanner.cli.options import shared


@click.command()
@shared
def schema(**_: bool) -> None:
    """Print the JSON Schema of the run document (-o json=PATH)."""
    from scanner.codec import run_schema_json

    click.echo(run_schema_json(), nl=False)
