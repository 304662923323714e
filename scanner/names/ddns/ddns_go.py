"""ddns-go's .ddns_go_config.yaml: https://github.com/jeessy2/ddns-go (config/config.go, config/domains.go)."""

from typing import Any

from scanner.model.names import Method
from scanner.names.ddns.reading import (
    STABLE_COMMAND,
    Client,
    NotYamlError,
    Reading,
    entries,
    items,
    joined,
    labelled,
    line,
    scalar,
    yaml_tree,
)

NAME = "ddns-go"
PATHS = ("root/.ddns_go_config.yaml", "home/*/.ddns_go_config.yaml", "opt/ddns-go/.ddns_go_config.yaml")
# Its list of an interface's addresses holds the temporary ones too; a command may leave them out.
SOURCE = "https://github.com/jeessy2/ddns-go/blob/master/docs/Get-IP-by-commands.md"
FIX = f"in ipv6: gettype: cmd, and cmd: {STABLE_COMMAND}"


def parse(text: str, path: str) -> Reading:
    client = Client(NAME, path, FIX, SOURCE)
    try:
        root = entries(yaml_tree(text))
    except NotYamlError as error:
        return client.problem(error.line, "not YAML from here on")
    # Before version 5 the file was one of what dnsconf is a list of.
    blocks = items(root.get("dnsconf")) or [yaml_tree(text)]
    return joined(_published(client, entries(entries(block).get("ipv6"))) for block in blocks)


def _published(client: Client, ipv6: dict[str, Any]) -> Reading:
    method, setting = chosen({key: scalar(node) for key, node in ipv6.items()})
    hosts = [node for node in items(ipv6.get("domains")) if scalar(node).strip()]
    return joined(client.publish(whole_name(scalar(node)), line(node), method, setting) for node in hosts)


def chosen(ipv6: dict[str, str]) -> tuple[Method, str]:
    """Of an interface the first address is taken, or the one that ``ipv6reg`` fits or counts (``@2``)."""
    kind = ipv6.get("gettype", "")
    if ipv6.get("enable", "").lower() != "true":
        return Method.NONE, "enable: false"
    if kind == "netInterface":
        fitted = ipv6.get("ipv6reg", "")
        method = Method.FIXED if fitted and not fitted.startswith("@") else Method.INTERFACE
        return method, f"gettype: netInterface, {labelled('netinterface', ipv6.get('netinterface', ''))}"
    if kind in ("url", "cmd"):
        return {"url": Method.OUTGOING, "cmd": Method.COMMAND}[kind], f"gettype: {kind}"
    return Method.UNKNOWN, "gettype"


def whole_name(domain: str) -> str:
    """``www:example.org?Line=x`` names www.example.org, ``@:example.org`` the zone itself."""
    written = domain.strip().partition("?")[0]
    below, colon, zone = written.partition(":")
    if not colon:
        return written
    return zone if below in ("", "@") else f"{below}.{zone}"
