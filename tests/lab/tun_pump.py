"""A layer 3 tunnel in user space, as WireGuard's is without its cipher: python tun_pump.py NAME LOCAL REMOTE"""

import contextlib
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, TUN_WITHOUT_INFORMATION = 0x400454CA, 0x1001
PORT = 51_820

name, local, remote = sys.argv[1:]
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), TUN_WITHOUT_INFORMATION))
outer = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
outer.bind((local, PORT))
sys.stdout.write("ready\n")
sys.stdout.flush()
while True:
    for end in select.select([tun, outer], [], [])[0]:
        with contextlib.suppress(OSError):
            if end is outer:
                os.write(tun, outer.recv(65_536))
            else:
                outer.sendto(os.read(tun, 65_536), (remote, PORT))
