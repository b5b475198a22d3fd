"""Makes torrent files with libtorrent, as its own clients do.

Usage: torrent_file.py '{"path": …, "pieceLength": …, "kind": …, "files": […]}'
Prints one line of JSON: {"infoHash": …, "torrent": base64 of the torrent file}
"""
import base64
import json
import os
import sys

import libtorrent as lt

FLAGS = {
    # Version 1 only, no padding between files.
    "plain": 0x40,
    # The same with padding files (BEP 47).
    "padded": 0x40 | 0x80,
    # Version 1 and 2 in one (BEP 52), which is what libtorrent makes unless it is told otherwise.
    "hybrid": 0,
}


def make_torrent_file(path, piece_length, tracker=None, kind="plain", files=None):
    """files: paths inside of the folder, in the order in which the torrent is to have them"""
    storage = lt.file_storage()
    if files:
        for file in files:
            size = os.path.getsize(os.path.join(path, file))
            storage.add_file(os.path.join(os.path.basename(path), file), size)
    else:
        lt.add_files(storage, path)
    creator = lt.create_torrent(storage, piece_length, FLAGS[kind])
    if tracker:
        creator.add_tracker(tracker)
    lt.set_piece_hashes(creator, os.path.dirname(path))
    return lt.bencode(creator.generate())


if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    made = make_torrent_file(
        os.path.abspath(options["path"]),
        options["pieceLength"],
        kind=options.get("kind", "plain"),
        files=options.get("files"),
    )
    info = lt.torrent_info(lt.bdecode(made))
    print(json.dumps({"infoHash": str(info.info_hashes().v1), "torrent": base64.b64encode(made).decode()}))
