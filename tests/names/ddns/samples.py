"""Settings as the projects' documentation shows them, each with secrets that must not be seen again."""

DDCLIENT = """\
# Configuration file for ddclient
daemon=300, syslog=yes
pid=/run/ddclient.pid
protocol=dyndns2, \\
server=members.example.net
login=S3CRET-login
password='S3CRET with spaces'
usev6=webv6, webv6=https://s3cret.example.net/ip?k=S3CRET-url

www.example.org, Shop.Example.org.
usev6=ifv6, ifv6=eth0, password=S3CRET#hash  mail.example.org
usev6=cmdv6, cmdv6="/bin/echo S3CRET-command \\"2001:db8::1\\"" host=vpn.example.org
usev6=disabled   old.example.org S3CRET-login S3CRET-password
@
"""

INADYN = """\
# In-A-Dyn v2
period = 300
allow-ipv6 = true   // needed
provider default@dyndns.org {
    username = S3CRET-login
    password = "S3CRET#hash"
    hostname = { "www.example.org", shop.example.org }
}
/* another
   account */
provider cloudflare.com:2 {
    username = example.org
    password = 'S3CRET with spaces'
    iface    = eth0
    hostname = mail.example.org
}
custom some@identifier {
    include("/etc/secret.conf")
    ddns-server = update.example.com
    ddns-path   = "/update?password=S3CRET-url&domain=%h"
    checkip-command = "/bin/echo S3CRET-command"
    hostname = vpn.example.org
}
"""

ROUTE53 = """\
credentials:
  accessKeyID: "S3CRETKEYID"
  secretAccessKey: "S3CRET-token"

route53:
  hostedZoneID: "ABCEEFG123456789"
  recordsSet:
    - name: "www.example.org."
      type: "A"
      ttl: 300
    - name: "www.example.org."
      type: "AAAA"
      ttl: 300
    - name: "shop.example.org."
      type: AAAA
"""

CLOUDFLARE_JSON = """\
{
  "cloudflare": [
    {
      "authentication": {"api_token": "S3CRET-token", "api_key": {"api_key": "S3CRETKEYID", "account_email": "a@b"}},
      "zone_id": "0123456789",
      "subdomains": [
        {"name": "", "proxied": false},
        {"name": "www", "proxied": false},
        "shop.example.org"
      ]
    }
  ],
  "a": true,
  "aaaa": true,
  "ip6_provider": "local.iface:eth0"
}
"""

CLOUDFLARE_ENV = """\
# Cloudflare DDNS
export CLOUDFLARE_API_TOKEN='S3CRET-token'
DOMAINS=example.org,www.example.org
IP6_DOMAINS="*.example.org, fixed.example.org{hostid6=[::1,mac(00-11-22-33-44-55)]}"
IP4_DOMAINS=v4.example.org
IP6_PROVIDER=url:https://s3cret.example.net/ip?k=S3CRET-url
"""

COMPOSE = """\
services:
  cloudflare-ddns:
    image: favonia/cloudflare-ddns:1
    network_mode: host
    environment:
      - CLOUDFLARE_API_TOKEN=S3CRET-token
      - DOMAINS=www.example.org
      - IP6_PROVIDER=local.iface:eth0
  second:
    image: timothyjmiller/cloudflare-ddns:latest
    environment:
      CLOUDFLARE_API_TOKEN: S3CRET-password
      DOMAINS: shop.example.org
  database:
    image: postgres
    environment:
      DOMAINS: no.example.org
"""

CLOUDFLARE_TOML = """\
api_token = "S3CRET-token"

[ipv6]
prefer_eui64 = false
prefer_outgoing = true

[records]
"example.org" = ["@", "www"]
"example.net" = ["wiki"]
"""

DDNS_GO = """\
dnsconf:
    - name: ""
      ipv4:
        enable: true
        gettype: url
        domains:
            - v4.example.org
      ipv6:
        enable: true
        gettype: netInterface
        url: https://s3cret.example.net/ip?k=S3CRET-url
        netinterface: eth0
        cmd: ""
        ipv6reg: ""
        domains:
            - www.example.org
            - shop:example.org?Line=S3CRET-command
            - "@:example.net"
      dns:
        name: cloudflare
        id: S3CRETKEYID
        secret: S3CRET-token
      ttl: ""
user:
    username: S3CRET-login
    password: S3CRET-password
"""
