"""What the stand-ins say."""

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR

from scanner.lab.services import ANSWER, udp_answer


def test_the_dns_port_refuses_in_dns() -> None:
    answer = DNS(udp_answer(53, bytes(DNS(id=0xBEEF, rd=1, qd=DNSQR(qname="lab.example")))))
    assert (answer.id, answer.qr, answer.rd, answer.rcode) == (0xBEEF, 1, 1, 5)
    assert answer.qd[0].qname == b"lab.example."


@given(st.integers(1, 65_535), st.binary(max_size=64))
def test_any_datagram_is_answered(port: int, request_bytes: bytes) -> None:
    answer = udp_answer(port, request_bytes)
    assert answer == ANSWER or (port == 53 and answer[:2] == request_bytes[:2])
