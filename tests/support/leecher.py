"""Downloads a torrent with libtorrent, and ends when all of it is there and right.

Usage: leecher.py '{"torrent": base64 of the torrent file, "folder": …, "tracker": …}'
"""
import base64
import json
import sys
import time

import libtorrent as lt

options = json.loads(sys.argv[1])
session = lt.session(
    {
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_outgoing_utp": False,
        "enable_incoming_utp": False,
        "allow_multiple_connections_per_ip": True,
        "alert_mask": 0,
    }
)
params = lt.add_torrent_params()
params.ti = lt.torrent_info(lt.bdecode(base64.b64decode(options["torrent"])))
params.save_path = options["folder"]
params.trackers = [options["tracker"]]
params.flags &= ~lt.torrent_flags.paused
handle = session.add_torrent(params)
while not handle.status().is_seeding:
    time.sleep(0.05)
