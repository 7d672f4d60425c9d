"""Yjs update messages of 50 replicas, each of which drags a node of its own, one after the other; as 4 bytes of length (big-endian) and the
message. No update needs one of another replica.

updates.py COUNT FILE
"""

import struct
import sys

from pycrdt import Doc, Map, create_update_message

count, path = int(sys.argv[1]), sys.argv[2]
replicas = 50
messages = []
subscriptions = []
nodes = []
for _ in range(replicas):
    document = Doc()
    nodes.append(document.get("nodes", type=Map))
    subscriptions.append(document.observe(lambda event: messages.append(create_update_message(event.update))))
for index in range(count):
    # Never the value it has: that would be no update.
    nodes[index % replicas][f"n{index % replicas}"] = '{"x":%d,"y":%d}' % (index % 2000, index // 50 % 700)
assert len(messages) == count
with open(path, "wb") as out:
    for message in messages:
        out.write(struct.pack(">I", len(message)) + message)
