#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an editing trace in the compact form that tests/support/trace.c reads.

  convert_trace.py seq FILE.json[.gz] OUT.trace "notice"
      a sequential trace: {startContent, endContent, txns: [{patches: [[pos, del, ins], ...]}]}
  convert_trace.py schedule FILE.jsonl OUT.trace "notice"
      a concurrent trace laid out as a schedule for clients of one ordering server, a line each:
        {"ev": "head", "mode": "exact" | "oneflight", "clients": N, "end": text}
        {"ev": "edit", "c": client, "ops": [[pos, del, ins], ...]}   the client edits its own text
        {"ev": "recv", "c": client, "to": rev}     exact: it takes in all revisions up to rev
        {"ev": "recv", "c": client, "rev": rev}    oneflight: it takes in its next revision
        {"ev": "send", "c": client, "base": rev}   oneflight: it sends all that is pending
        {"ev": "commit", "c": client, "rev": rev}  oneflight: the server commits what it sent
      In exact, every edit is sent and committed at once, several unacknowledged ones at a time.

Positions and lengths count Unicode scalar values. The file: one line of text,
"plimsoll-trace 1 MODE; notice", then numbers as LEB128 varints (signed ones zigzag) and UTF-8:

  clients, end text (byte length, bytes), number of records, records

  seq record: n << 2 | kind, then the position relative to where the record before ended, then
    kind 0  n scalars typed one by one: their text
    kind 1  n scalars deleted one by one to the left (position of the first of these deletes)
    kind 2  n scalars deleted one by one at one place
    kind 3  one edit that deletes n: number of scalars inserted, their text
  schedule record: client << 2 | event, then
    event 0  edit: number of ops; each: position relative to the end of this client's op before,
             deleted, inserted, text
    event 1  recv; in exact: by how many revisions
    event 2  send
    event 3  commit
"""
import gzip
import json
import sys


def varint(v):
    out = bytearray()
    while v >= 0x80:
        out.append((v & 0x7F) | 0x80)
        v >>= 7
    out.append(v)
    return bytes(out)


def zigzag(v):
    return varint(v * 2 if v >= 0 else -v * 2 - 1)


def pack_header(mode, notice, clients, end, records):
    text = end.encode()
    return (f"plimsoll-trace 1 {mode}; {notice}\n".encode() + varint(clients)
            + varint(len(text)) + text + varint(records))


def run_length(patches, i):
    """The longest run that starts at patch i: (kind, how many patches)."""
    pos, dele, ins = patches[i]
    if dele == 0 and len(ins) == 1:
        j = i + 1
        while j < len(patches) and patches[j][0] == pos + j - i and patches[j][1] == 0 \
                and len(patches[j][2]) == 1:
            j += 1
        return 0, j - i
    if dele == 1 and not ins:
        for kind, step in ((1, -1), (2, 0)):
            j = i + 1
            while j < len(patches) and patches[j][0] == pos + step * (j - i) \
                    and patches[j][1] == 1 and not patches[j][2]:
                j += 1
            if j - i > 1 or kind == 2:
                return kind, j - i
    return 3, 1


def convert_seq(path, notice):
    with (gzip.open(path) if path.endswith(".gz") else open(path, "rb")) as f:
        trace = json.load(f)
    assert trace["startContent"] == ""
    patches = [p for t in trace["txns"] for p in t["patches"]]
    body, records, cursor, i = bytearray(), 0, 0, 0
    while i < len(patches):
        pos, dele, ins = patches[i]
        kind, n = run_length(patches, i)
        head = dele if kind == 3 else n
        body += varint(head << 2 | kind) + zigzag(pos - cursor)
        if kind == 0:
            body += "".join(p[2] for p in patches[i:i + n]).encode()
            cursor = pos + n
        elif kind == 1:
            cursor = pos - n + 1
        elif kind == 2:
            cursor = pos
        else:
            body += varint(len(ins)) + ins.encode()
            cursor = pos + len(ins)
        records += 1
        i += n
    return pack_header("seq", notice, 1, trace["endContent"], records) + body


def convert_schedule(path, notice):
    with open(path, encoding="utf-8") as f:
        head, *events = [json.loads(line) for line in f]
    exact = head["mode"] == "exact"
    n = head["clients"]
    rev, cursor, commits, body = [0] * n, [0] * n, 0, bytearray()
    for ev in events:
        c = ev["c"]
        kind = ("edit", "recv", "send", "commit").index(ev["ev"])
        body += varint(c << 2 | kind)
        if kind == 0:
            body += varint(len(ev["ops"]))
            for pos, dele, ins in ev["ops"]:
                body += zigzag(pos - cursor[c]) + varint(dele) + varint(len(ins)) + ins.encode()
                cursor[c] = pos + len(ins)
            assert not exact or ev["base"] == rev[c]
        elif kind == 1:
            to = ev["to"] if exact else ev["rev"]
            assert to > rev[c] and (exact or to == rev[c] + 1)
            if exact:
                body += varint(to - rev[c])
            rev[c] = to
        elif kind == 2:
            assert ev["base"] == rev[c]
        else:
            commits += 1
            assert ev["rev"] == commits
    return pack_header(head["mode"], notice, n, head["end"], len(events)) + body


def main():
    if len(sys.argv) != 5 or sys.argv[1] not in ("seq", "schedule"):
        sys.exit(__doc__)
    convert = convert_seq if sys.argv[1] == "seq" else convert_schedule
    with open(sys.argv[3], "wb") as f:
        f.write(convert(sys.argv[2], sys.argv[4]))


if __name__ == "__main__":
    main()
