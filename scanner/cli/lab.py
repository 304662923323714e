"""``v6expose lab``: the built-in Internet from the command line, for root and for any user."""

import json
import os
import subprocess
from typing import Any

import click

from scanner.cli.options import speaking_option
from scanner.cli.speech import told
from scanner.model.text import say

NAME = click.option("--name", default="v6x", show_default=True, help="Of the lab: namespaces are called NAME-NODE.")
SERVICES = ("22,80,139,443,445,3000,3001,3003", "53,5353")  # what runs at home, and is nobody else's business


@click.group()
def lab() -> None:
    """The built-in Internet: namespaces on this machine, nothing leaves them."""


@lab.command()
@NAME
@click.option("--personality", "word", default="pass-all", show_default=True, help="What filters; see `personalities`.")
@click.option("--tempaddr", type=click.IntRange(0, 2), default=2, show_default=True, help="use_tempaddr of the host.")
@click.option("--addr-gen", type=click.Choice(["eui64", "stable-privacy"]), default="eui64", show_default=True)
@click.option("--lifetimes", type=(int, int), default=(86_400, 604_800), help="Advertised: PREFERRED VALID, seconds.")
@click.option("--temporary-lifetimes", type=(int, int), default=(86_400, 172_800), help="Of temporary addresses.")
@click.option("--tcp", default=SERVICES[0], show_default=True, help="TCP ports that listen on the host.")
@click.option("--udp", default=SERVICES[1], show_default=True, help="UDP ports that answer on the host.")
@speaking_option
def up(name: str, word: str, tcp: str, udp: str, **options: Any) -> None:
    """Build it, or build it anew; it stays until `down`."""
    from scanner.lab import rootless
    from scanner.lab.lab import Lab
    from scanner.lab.personalities import personality
    from scanner.model.ports import PortSet

    wanted = personality(word)
    one = Lab(name, **options)
    for ports in (tcp, udp):
        PortSet.parse(ports)
    rootless.enter(start=True)
    try:
        one.up()
        one.listen(tcp=tcp, udp=udp)
        one.apply(wanted)
    except BaseException:
        one.down()
        raise
    _describe(one.status())
    command = f"v6expose lab exec{_name_option(name)} host -- v6expose scan --vantage netns:{one.node('inet')}"
    click.echo(told(say("try: {command}", command=command)))


@lab.command()
@NAME
@click.argument("word", metavar="PERSONALITY")
@speaking_option
def apply(name: str, word: str) -> None:
    """Give a lab that is up another personality."""
    from scanner.lab import rootless
    from scanner.lab.lab import Lab
    from scanner.lab.personalities import personality

    wanted = personality(word)
    rootless.enter()
    one = Lab(name)
    one.require_up()
    one.apply(wanted)
    click.echo(f"{name}: {wanted.name}: {told(wanted.help)}")


@lab.command()
@NAME
@speaking_option
def down(name: str) -> None:
    """Take it down, with everything that runs in it."""
    from scanner.lab import rootless
    from scanner.lab.lab import Lab

    if not rootless.needed():
        Lab(name).down()
        return
    holder = rootless.find_holder()
    if holder is not None:
        result = subprocess.run(rootless.entering_argv(holder, rootless.this_command()), check=False)
        rootless.end_holder_if_empty()
        raise click.exceptions.Exit(result.returncode)


@lab.command()
@NAME
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@speaking_option
def status(name: str, *, as_json: bool) -> None:
    """What is up: nodes, addresses, personality."""
    from scanner.lab import rootless
    from scanner.lab.lab import Lab

    if not rootless.needed() or rootless.find_holder() is not None:
        rootless.enter()
        found = Lab(name).status()
    else:
        found = {"name": name, "up": False}
    if as_json:
        click.echo(json.dumps(found, indent=1))
    else:
        _describe(found)


@lab.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@NAME
@click.argument("node")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(name: str, node: str, command: tuple[str, ...]) -> None:
    """Run COMMAND on NODE (inet, inet2, isp1, isp2, cpe, host, printer); its exit status is ours."""
    from scanner.lab import commands, rootless, topology
    from scanner.lab.lab import Lab

    topology.node_of(node)
    if command == ("--",):
        raise click.UsageError("Missing argument 'COMMAND...'.")
    rootless.enter()
    one = Lab(name)
    one.require_up()
    argv = one.argv(node, command[1:] if command[0] == "--" else command)
    os.execvpe(argv[0], argv, commands.environment())  # noqa: S606 - signals and exit status pass through


@lab.command()
@speaking_option
def personalities() -> None:
    """List what a router, an ISP or a host may be like."""
    from scanner.lab.personalities import PERSONALITIES

    width = max(len(name) for name in PERSONALITIES)
    for one in PERSONALITIES.values():
        click.echo(f"{one.name:<{width}}  {told(one.help)}")


def _name_option(name: str) -> str:
    return "" if name == "v6x" else f" --name {name}"


def _describe(found: dict[str, Any]) -> None:
    if not found["up"]:
        click.echo(told(say("{lab}: not up", lab=found["name"])))
        return
    click.echo(told(say("{lab}: up, {personality}", lab=found["name"], personality=found["personality"])))
    for node, namespace in found["nodes"].items():
        click.echo(f"  {node:<8} {namespace}")
    click.echo(f"  vantage  {found['vantage_address']}")
    for address in found["host_addresses"]:
        click.echo(f"  host     {address['address']} {address['kind']} {address['state']}")
