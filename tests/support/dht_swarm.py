"""Starts a DHT of libtorrent nodes, and seeds each of some films from one of them. Only the DHT knows these swarms.

Usage: dht_swarm.py '{"router": address, "nodes": [address, …], "films": [path, …], "pieceLength": …}'
Every address is one of this machine, and counts as public: libtorrent and we keep no others in a routing table. The
router is one more node. Each knows some of the others from the start. Prints the info hashes as a line of JSON as soon as the DHT names a peer of
each. A line of standard input ends the router, and is answered with a line; the end of standard input ends everything.
"""
import json
import os
import sys
import time

import libtorrent as lt

from torrent_file import make_torrent_file

PORT = 6881
options = json.loads(sys.argv[1])


def start(address):
    return lt.session(
        {
            "listen_interfaces": f"{address}:{PORT}",
            "enable_dht": True,
            "dht_bootstrap_nodes": "",
            # In a small network, the addresses are near each other, and so are the ids.
            "dht_restrict_routing_ips": False,
            "dht_restrict_search_ips": False,
            "dht_prefer_verified_node_ids": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "enable_outgoing_utp": False,
            "enable_incoming_utp": False,
            "alert_mask": lt.alert.category_t.dht_notification | lt.alert.category_t.dht_operation_notification,
        }
    )


def seed(session, path):
    info = lt.torrent_info(make_torrent_file(path, options["pieceLength"], None))
    params = lt.add_torrent_params()
    params.ti = info
    params.save_path = os.path.dirname(os.path.abspath(path))
    params.have_pieces = [True] * info.num_pieces()
    params.flags &= ~lt.torrent_flags.paused
    handle = session.add_torrent(params)
    handle.unset_flags(lt.torrent_flags.auto_managed)
    handle.resume()
    return info.info_hash(), handle


def is_named(info_hash, asker):
    """Whether the DHT names a peer to a node."""
    asker.dht_get_peers(info_hash)
    ends = time.monotonic() + 1
    while time.monotonic() < ends:
        asker.wait_for_alert(100)
        for alert in asker.pop_alerts():
            if isinstance(alert, lt.dht_get_peers_reply_alert) and alert.info_hash == info_hash and alert.num_peers() > 0:
                return True
    return False


router = start(options["router"])
sessions = [start(address) for address in options["nodes"]]
for at, session in enumerate([router, *sessions]):
    for step in (1, 3, 7, 13, 21, 34):
        session.add_dht_node((options["nodes"][(at + step) % len(sessions)], PORT))
films = [seed(sessions[at], path) for at, path in enumerate(options["films"])]
waiting = list(films)
while waiting:
    for info_hash, handle in waiting:
        handle.force_dht_announce()
    waiting = [film for film in waiting if not all(is_named(film[0], asker) for asker in (router, sessions[-1]))]

print(json.dumps([str(info_hash) for info_hash, _ in films]), flush=True)
for _ in sys.stdin:
    router = None
    print("ended", flush=True)
