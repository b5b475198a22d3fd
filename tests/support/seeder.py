"""Makes a torrent of a file or folder and seeds it with libtorrent, until standard input ends.

Each line of standard input is answered with a line of JSON: {"uploaded": bytes of the film sent so far}

Usage: seeder.py '{"path": …, "tracker": …, "pieceLength": …, "uploadLimit": …, "torrentFile": …, "utp": …,
    "tickInterval": …, "encrypted": …}'
With "torrentFile" nothing is hashed: it has to be the torrent file of that path, or the seeder sends wrong bytes.
Prints one line of JSON when it seeds: {"infoHash": …, "port": …, "torrent": base64 of the torrent file}
"""
import base64
import json
import os
import sys

import libtorrent as lt

from torrent_file import make_torrent_file

options = json.loads(sys.argv[1])
path = os.path.abspath(options["path"])

if options.get("torrentFile"):
    with open(options["torrentFile"], "rb") as file:
        torrent_file = file.read()
else:
    torrent_file = make_torrent_file(path, options["pieceLength"], options.get("tracker"))

session = lt.session(
    {
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_outgoing_utp": options.get("utp", False),
        "enable_incoming_utp": options.get("utp", False),
        "allow_multiple_connections_per_ip": True,
        "upload_rate_limit": options.get("uploadLimit", 0),
        "unchoke_slots_limit": 100,
        # How often an upload limit hands out what may be sent, in milliseconds.
        "tick_interval": options.get("tickInterval", 500),
        "alert_mask": 0,
        # Whether it takes encrypted connections only, and makes no others (0 is "forced" there, 1 "enabled").
        "in_enc_policy": 0 if options.get("encrypted") else 1,
        "out_enc_policy": 0 if options.get("encrypted") else 1,
    }
)
# From the bytes, not from what they are decoded to: that would be encoded anew, and may be another torrent.
info = lt.torrent_info(torrent_file)
params = lt.add_torrent_params()
params.ti = info
params.save_path = os.path.dirname(path)
if options.get("tracker"):
    # A torrent file that was made before may name none, or another.
    params.trackers = [options["tracker"]]
# Not "seed mode", in which every piece is hashed when it is first asked for: it has to send what the path holds.
params.have_pieces = [True] * info.num_pieces()
params.flags &= ~lt.torrent_flags.paused
handle = session.add_torrent(params)
handle.unset_flags(lt.torrent_flags.auto_managed)
handle.resume()
# The limit of a session does not hold for peers on the same machine; that of a torrent does.
handle.set_upload_limit(options.get("uploadLimit", 0) or -1)

print(
    json.dumps(
        {
            "infoHash": str(info.info_hash()),
            "port": session.listen_port(),
            "torrent": base64.b64encode(torrent_file).decode(),
        }
    ),
    flush=True,
)
for _ in sys.stdin:
    print(json.dumps({"uploaded": handle.status().total_payload_upload}), flush=True)
