#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads an exported log with nothing but SHA-256: audit_tree.py DIR [KIND ...]

The tree of all entries must have the root of the checkpoint, each tile must hold the hashes of its
place, each stream must be whole, each blob must answer a commitment. Prints how many entries there
are. With kinds (hex): each must occur.
"""
import base64
import hashlib
import os
import struct
import sys


def sha(b):
    return hashlib.sha256(b).digest()


def number(i):
    parts = ["%03d" % (i % 1000)]
    while i >= 1000:
        i //= 1000
        parts.insert(0, "x%03d" % (i % 1000))
    return "/".join(parts)


def tile(root, level, i, width):
    p = os.path.join(root, "tile", str(level), number(i) + ("" if width == 256 else ".p/%d" % width))
    with open(p, "rb") as f:
        return f.read()


def root_of(row):
    if not row:
        return sha(b"")
    while len(row) > 1:
        n = 1
        while 2 * n < len(row):
            n *= 2
        if n * 2 == len(row):
            row = [sha(b"\x01" + row[2 * i] + row[2 * i + 1]) for i in range(n)]
        else:
            return sha(b"\x01" + root_of(row[:n]) + root_of(row[n:]))
    return row[0]


def tiles_of(size):
    return [(i, min(256, size - 256 * i)) for i in range((size + 255) // 256)]


def entries(d, size):
    out = []
    for i, width in tiles_of(size):
        b = tile(d, "entries", i, width)
        at = 0
        while at < len(b):
            n = struct.unpack(">H", b[at:at + 2])[0]
            out.append(b[at + 2:at + 2 + n])
            at += 2 + n
    assert len(out) == size, "entries: %d of %d" % (len(out), size)
    return out


def check_streams(leaves, hashes):
    last, wants, kinds, ahead = {}, set(), set(), None
    for i, (leaf, h) in enumerate(zip(leaves, hashes)):
        assert leaf[:5] == b"PLA1\x01", "entry %d" % i
        kind, stream, seq = struct.unpack(">HQQ", leaf[6:24])
        kinds.add(kind)
        if i == 0 and kind == 0x0702:  # tells of the epoch, ahead of its stream
            ahead = (stream, seq, h)
            continue
        if ahead and (stream, last.get(stream, (0, b""))[0]) == ahead[:2]:
            last[stream] = (ahead[1] + 1, ahead[2])
        want, prev = last.get(stream, (0, bytes(32)))
        assert seq == want and leaf[52:84] == prev, "entry %d: stream %d, number %d" % (i, stream, seq)
        last[stream] = (seq + 1, h)
        wants.add(leaf[100:132])
    return wants, kinds


def main():
    d = sys.argv[1]
    with open(os.path.join(d, "checkpoint"), encoding="utf-8") as f:
        lines = f.read().split("\n")
    size, root = int(lines[1]), base64.b64decode(lines[2])
    leaves = entries(d, size)
    hashes = [sha(b"\x00" + leaf) for leaf in leaves]
    assert root_of(hashes) == root, "the root is another one"
    level, row = 0, hashes
    while row:
        for i, width in tiles_of(len(row)):
            assert tile(d, level, i, width) == b"".join(row[256 * i:256 * i + width]), (level, i)
        row = [root_of(row[256 * i:256 * i + 256]) for i in range(len(row) // 256)]
        level += 1
    wants, kinds = check_streams(leaves, hashes)
    for name in os.listdir(os.path.join(d, "blobs")):
        with open(os.path.join(d, "blobs", name), "rb") as f:
            assert sha(b"PLC1" + f.read()).hex() == name, name
        assert bytes.fromhex(name) in wants, "%s answers no commitment" % name
    for k in sys.argv[2:]:
        assert int(k, 16) in kinds, "no event of kind %s" % k
    print(size)


main()
