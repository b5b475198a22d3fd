"""Downloads one torrent whole with libtorrent. Usage: libtorrent-download.py <folder>

Prints "ready", takes a magnet on standard input, prints "finished" when every piece is there and checked.
"""
import sys

import libtorrent as lt

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
        "alert_mask": lt.alert.category_t.status_notification,
    }
)
print("ready", flush=True)
parameters = lt.parse_magnet_uri(sys.stdin.readline().strip())
parameters.save_path = sys.argv[1]
parameters.flags &= ~lt.torrent_flags.auto_managed
parameters.flags &= ~lt.torrent_flags.paused
session.add_torrent(parameters)
while True:
    session.wait_for_alert(1000)
    if any(isinstance(alert, lt.torrent_finished_alert) for alert in session.pop_alerts()):
        print("finished", flush=True)
        break
sys.stdin.read()
