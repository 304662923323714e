"""All checks, in the order in which they are shown."""

from scanner.discovery.checks.check import Checker
from scanner.discovery.checks.clock import check_clock
from scanner.discovery.checks.network import check_addresses, check_default_router
from scanner.discovery.checks.privilege import check_packet_socket, check_privilege, check_receive_buffer
from scanner.discovery.checks.programs import check_ip, check_nft, check_nmap, check_python

CHECKS: tuple[Checker, ...] = (
    check_python,
    check_nmap,
    check_ip,
    check_nft,
    check_privilege,
    check_packet_socket,
    check_receive_buffer,
    check_addresses,
    check_default_router,
    check_clock,
)
