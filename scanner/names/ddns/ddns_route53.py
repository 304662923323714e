"""ddns-route53.yml: https://crazymax.dev/ddns-route53/config/."""

from scanner.model.names import Method
from scanner.names.ddns.reading import Client, NotYamlError, Reading, entries, items, joined, line, scalar, yaml_tree

NAME = "ddns-route53"
PATHS = (
    "etc/ddns-route53/ddns-route53.yml",
    "etc/ddns-route53/ddns-route53.yaml",
    "root/.config/ddns-route53.yml",
    "home/*/.config/ddns-route53.yml",
)
# It always asks a web service; since wanip.providers one may say which.
SOURCE = "https://github.com/crazy-max/ddns-route53/blob/master/docs/config/wanip.md"
FIX = (
    "it publishes whatever address its connections show, so make {interface} prefer the stable one (sysctl "
    "net.ipv6.conf.{interface}.use_tempaddr=1), or let wanip.providers.ipv6 name a page of yours that answers {address}"
)


def parse(text: str, path: str) -> Reading:
    client = Client(NAME, path, FIX, SOURCE)
    try:
        root = entries(yaml_tree(text))
    except NotYamlError as error:
        return client.problem(error.line, "not YAML from here on")
    found = []
    for record in items(entries(root.get("route53")).get("recordsset")):
        fields = entries(record)
        if scalar(fields.get("type")).upper() == "AAAA" and (name := fields.get("name")) is not None:
            found.append(client.publish(scalar(name), line(name), Method.OUTGOING, "wanip"))
    return joined(found)
