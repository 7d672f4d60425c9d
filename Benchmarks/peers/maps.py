"""The map workloads against Yrs (through pycrdt) and Loro, printed as one JSON object.

    maps.py yrs|loro N CLIENTS NODES

Each step is timed over its whole loop, in CPU time of this process, with the calls of the native module and no wrapper in between. `binding` is what those calls, and
the Python around them, cost when they have nothing to do, measured in the same process: the reader of this output takes it off. The Swift side
(MapWorkloads.swift) does the same work on the same keys and values; both draw them from the generator below.
"""

import ctypes
import gc
import json
import sys
import time


class SplitMix:
    """Sebastiano Vigna's splitmix64, as the Swift side has it."""

    MASK = (1 << 64) - 1

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & self.MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & self.MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & self.MASK
        return (z ^ (z >> 31)) % bound


class MallocInfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]


libc = ctypes.CDLL("libc.so.6")
libc.mallinfo2.restype = MallocInfo


def bytes_in_use():
    """What malloc has given out: both modules take their memory from it, and so does the Swift side."""
    info = libc.mallinfo2()
    return info.uordblks + info.hblkhd


class Yrs:
    """pycrdt's inner module. Updates are in the v1 format, the only one that it offers."""

    def __init__(self, replica):
        self.doc = native.Doc(replica, None, None)
        self.updates = []
        transaction = self.doc.create_transaction()
        self.map = self.doc.get_or_insert_map(transaction, "map")
        transaction.commit()
        transaction.drop()
        self.watch = None

    def record(self):
        take = self.updates.append
        self.watch = self.doc.observe(lambda event: take(event.update))

    def set(self, items):
        """One transaction and one update for each."""
        create, insert = self.doc.create_transaction, self.map.insert
        for key, value in items:
            transaction = create()
            insert(transaction, key, value)
            transaction.commit()
            transaction.drop()

    def set_at_once(self, items):
        transaction = self.doc.create_transaction()
        insert = self.map.insert
        for key, value in items:
            insert(transaction, key, value)
        transaction.commit()
        transaction.drop()

    def apply_each(self, updates):
        create, apply = self.doc.create_transaction, self.doc.apply_update
        for update in updates:
            transaction = create()
            apply(transaction, update)
            transaction.commit()
            transaction.drop()

    def apply_batch(self, updates):
        transaction = self.doc.create_transaction()
        apply = self.doc.apply_update
        for update in updates:
            apply(transaction, update)
        transaction.commit()
        transaction.drop()

    def encoded(self):
        transaction = self.doc.create_transaction()
        bytes = self.doc.get_update(transaction, b"\0")
        transaction.drop()
        return bytes

    def trimmed(self):
        """Garbage is collected when a transaction ends, so there is nothing more to leave out."""
        return self.encoded()

    @staticmethod
    def load(bytes):
        doc = Yrs(99)
        doc.apply_batch([bytes])
        return doc

    def read(self):
        transaction = self.doc.create_transaction()
        text = self.map.to_json(transaction)
        transaction.drop()
        return json.loads(text)

    # A canvas: the root map holds a map for each node.

    def create_node(self, node, fields):
        transaction = self.doc.create_transaction()
        inner = self.map.insert_map_prelim(transaction, node)
        for key, value in fields:
            inner.insert(transaction, key, value)
        transaction.commit()
        transaction.drop()

    def set_field(self, node, key, value):
        transaction = self.doc.create_transaction()
        self.map.get(transaction, node).insert(transaction, key, value)
        transaction.commit()
        transaction.drop()

    def delete_node(self, node):
        transaction = self.doc.create_transaction()
        self.map.remove(transaction, node)
        transaction.commit()
        transaction.drop()

    @staticmethod
    def binding(count):
        """Nanoseconds of a transaction with nothing in it, and of one call into the module."""
        doc = native.Doc(1, None, None)
        create = doc.create_transaction
        start = time.process_time_ns()
        for _ in range(count):
            transaction = create()
            transaction.commit()
            transaction.drop()
        transactions = time.process_time_ns() - start
        call = doc.client_id
        start = time.process_time_ns()
        for _ in range(count):
            call()
        calls = time.process_time_ns() - start
        return transactions / count, calls / count


class Loro:
    def __init__(self, replica):
        self.doc = native.LoroDoc()
        self.doc.peer_id = replica
        self.map = self.doc.get_map("map")
        self.updates = []
        self.watch = None

    def record(self):
        take = self.updates.append

        def updated(update):
            take(update)
            return True

        self.watch = self.doc.subscribe_local_update(updated)

    def set(self, items):
        insert, commit = self.map.insert, self.doc.commit
        for key, value in items:
            insert(key, value)
            commit()

    def set_at_once(self, items):
        insert = self.map.insert
        for key, value in items:
            insert(key, value)
        self.doc.commit()

    def apply_each(self, updates):
        apply = self.doc.import_
        for update in updates:
            apply(update)

    def apply_batch(self, updates):
        self.doc.import_batch(updates)

    def encoded(self):
        return self.doc.export(native.ExportMode.Snapshot())

    def trimmed(self):
        """A snapshot without the history before now."""
        return self.doc.export(native.ExportMode.ShallowSnapshot(self.doc.oplog_frontiers))

    @staticmethod
    def load(bytes):
        """A map is decoded when it is first asked, so the root map's length is part of loading. Maps within it, as a canvas has them, and the
        history stay undecoded: that is in Loro's favour."""
        doc = Loro(99)
        doc.doc.import_(bytes)
        len(doc.map)
        return doc

    def read(self):
        return self.map.get_deep_value()

    def create_node(self, node, fields):
        inner = self.map.insert_container(node, native.LoroMap())
        for key, value in fields:
            inner.insert(key, value)
        self.doc.commit()

    def set_field(self, node, key, value):
        self.map.get(node).container.insert(key, value)
        self.doc.commit()

    def delete_node(self, node):
        self.map.delete(node)
        self.doc.commit()

    @staticmethod
    def binding(count):
        call = native.LoroDoc().is_detached
        start = time.process_time_ns()
        for _ in range(count):
            call()
        calls = (time.process_time_ns() - start) / count
        # A commit is one call; there is no transaction object.
        return calls, calls


class Watch:
    def __enter__(self):
        self.start = time.process_time_ns()
        return self

    def __exit__(self, *_):
        self.nanoseconds = time.process_time_ns() - self.start


class Idle:
    def step(self, node, key, value):
        return None


def cost_of_step(count):
    """Nanoseconds that a step of the canvas spends in Python alone."""
    idle = Idle()
    spent = 0
    for _ in range(count):
        start = time.process_time_ns()
        idle.step("node", "position", None)
        spent += time.process_time_ns() - start
    return spent / count


def size_and_load(doc, result, copies=10):
    with Watch() as watch:
        bytes = doc.encoded()
    result["encode"] = watch.nanoseconds
    result["docBytes"] = len(bytes)
    gc.collect()
    # The first load warms up what is made once; the others tell the time and, held together, the memory.
    held = [Library.load(bytes)]
    before = bytes_in_use()
    best = None
    for _ in range(copies):
        with Watch() as watch:
            held.append(Library.load(bytes))
        best = watch.nanoseconds if best is None else min(best, watch.nanoseconds)
    result["load"] = best
    result["memory"] = (bytes_in_use() - before) / copies
    assert held[-1].read() == doc.read()


def one_writer(items, at_once=False):
    """B1: one client writes, the other gets every update."""
    result = {"count": len(items)}
    first, second = Library(1), Library(2)
    first.record()
    with Watch() as watch:
        if at_once:
            first.set_at_once(items)
        else:
            first.set(items)
    result["write"] = watch.nanoseconds
    updates = first.updates
    with Watch() as watch:
        second.apply_each(updates)
    result["apply"] = watch.nanoseconds
    result["updateBytes"] = sum(map(len, updates))
    result["updates"] = len(updates)
    assert second.read() == first.read()
    size_and_load(first, result)
    return result


def many_writers(clients, key, value):
    """B3: every client sets at once without having seen the others; one of them then takes all updates in."""
    result = {"count": clients}
    updates = []
    for index in range(clients):
        doc = Library(index + 1)
        doc.record()
        doc.set([(key(index), value(index))])
        updates += doc.updates
    reader = Library(clients + 1)
    with Watch() as watch:
        reader.apply_batch(updates)
    result["apply"] = watch.nanoseconds
    each = Library(clients + 2)
    with Watch() as watch:
        each.apply_each(updates)
    result["applyEach"] = watch.nanoseconds
    assert each.read() == reader.read()
    result["updateBytes"] = sum(map(len, updates))
    result["updates"] = len(updates)
    size_and_load(reader, result)
    return result


def canvas(node_count, replicas=4):
    """Four people build a canvas, drag everything four times, and delete nine nodes of ten."""
    result = {"count": node_count}
    random = SplitMix(7)
    docs = [Library(index + 1) for index in range(replicas)]
    for doc in docs:
        doc.record()
    spent = {"write": 0, "apply": 0}
    steps = []
    for index in range(node_count):
        fields = [("type", "number"), ("position", {"x": random.below(4000), "y": random.below(4000)}), ("label", f"Step {index}")]
        steps.append((index, "create", fields))
    for index in range(4 * node_count):
        steps.append((random.below(node_count), "move", {"x": random.below(4000), "y": random.below(4000)}))
    deletions = [(index, "delete", None) for index in range(node_count) if index % 10]

    def perform(steps):
        for at, (index, kind, value) in enumerate(steps):
            writer = docs[at % replicas]
            node = f"node-{index}"
            start = time.process_time_ns()
            if kind == "create":
                writer.create_node(node, value)
            elif kind == "move":
                writer.set_field(node, "position", value)
            else:
                writer.delete_node(node)
            spent["write"] += time.process_time_ns() - start
            updates = list(writer.updates)
            writer.updates.clear()
            start = time.process_time_ns()
            for other in docs:
                if other is not writer:
                    other.apply_each(updates)
            spent["apply"] += time.process_time_ns() - start

    perform(steps)
    result["fullBytes"] = len(docs[0].encoded())
    perform(deletions)
    result["write"] = spent["write"]
    result["apply"] = spent["apply"]
    result["steps"] = len(steps) + len(deletions)
    result["trimmedBytes"] = len(docs[0].trimmed())
    assert docs[0].read() == docs[1].read() and len(docs[0].read()) == (node_count + 9) // 10
    size_and_load(docs[0], result)
    return result


def numbers(count, seed):
    random = SplitMix(seed)
    return [random.below(0x7FFFFFFF) for _ in range(count)]


def main():
    count, clients, nodes = (int(text) for text in sys.argv[2:5])
    transaction, call = Library.binding(20_000)
    values = numbers(count, 1)
    random = SplitMix(2)
    places = [random.below(count) for _ in range(count)]
    results = {
        "binding": {"transaction": transaction, "call": call, "step": cost_of_step(20_000)},
        "B1.8": one_writer([(f"k{index}", value) for index, value in enumerate(values)]),
        "B1.9": one_writer([(f"k{index}", value) for index, value in enumerate(values)], at_once=True),
        "B1.10": one_writer([(f"k{count - 1 - index}", value) for index, value in enumerate(values)]),
        "B1.11": one_writer([(f"k{place}", value) for place, value in zip(places, values)]),
        "B3.1": many_writers(clients, lambda _: "v", lambda index: index),
        "B3.2": many_writers(clients, lambda _: "v", lambda index: {"name": str(index), "address": "here"}),
        "B3.3": many_writers(clients, lambda _: "v", lambda index: str(index) * clients),
        "B3.4": many_writers(clients, lambda index: f"k{index}", lambda index: str(index)),
        "canvas": canvas(nodes),
    }
    print(json.dumps(results))


if sys.argv[1] == "yrs":
    import pycrdt._pycrdt as native

    Library = Yrs
else:
    import loro as native

    Library = Loro
main()
