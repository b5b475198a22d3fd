"""
Ports on 127.0.0.1 without a peer behind them: `dead_ports.py <silent> <refusing>` prints two lists of ports as JSON, and holds
them until its input ends.

A silent port drops the SYN, as most dead addresses of a swarm do: it listens with a queue that is full, and never accepts.
A refusing one is bound and does not listen, so that the kernel answers with RST.
"""

import json
import socket
import sys

silent, refusing = map(int, sys.argv[1:3])
held = []


def bound():
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    held.append(one)
    return one


def port_of(one):
    return one.getsockname()[1]


def silent_port():
    one = bound()
    one.listen(0)
    # Linux takes one more than the queue is long.
    for _ in range(2):
        filler = socket.socket()
        filler.setblocking(False)
        held.append(filler)
        try:
            filler.connect(one.getsockname())
        except BlockingIOError:
            pass
    return port_of(one)


ports = {
    "silent": [silent_port() for _ in range(silent)],
    "refusing": [port_of(bound()) for _ in range(refusing)],
}
print(json.dumps(ports), flush=True)
sys.stdin.read()
