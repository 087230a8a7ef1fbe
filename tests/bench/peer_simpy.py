#!/usr/bin/env python3
"""The plain pipeline of tests/bench written for SimPy: peer_simpy.py < DESCRIPTION.

One process per agent: a reader, an assembler, an executor. Time is in whole nanoseconds, and reads
share the storage by the same integers as in swaplab (SEMANTICS: Sharing and contention), so that
the makespan must be equal to the nanosecond. Prints "events N seconds S makespan_ns T": S is CPU
time. Exit code 77: there is no SimPy here.
"""
import sys
import time
from collections import deque

try:
    import simpy
except ImportError:
    print("peer_simpy: no module 'simpy' in this Python", file=sys.stderr)
    sys.exit(77)

FULL_RATE = 1 << 20


class Ring:
    """A contiguous FIFO: what does not fit before the end starts at offset 0."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.write = 0
        self.items = deque()  # offsets

    def reserve(self, size):
        offset = self.write
        if not self.items:
            if offset + size > self.capacity:
                offset = 0
        elif self.write <= self.items[0]:
            if offset + size > self.items[0]:
                return False
        elif offset + size > self.capacity:
            if size > self.items[0]:
                return False
            offset = 0
        self.items.append(offset)
        self.write = offset + size
        return True


class Storage:
    """Reads that share one rate evenly; `read` returns an event that succeeds at its end."""

    def __init__(self, env):
        self.env = env
        self.running = []  # [remaining work in units of 2^-20 ns, event]
        self.rate = FULL_RATE
        self.updated = 0
        self.version = 0

    def read(self, work):
        self._advance()
        done = self.env.event()
        self.running.append([work * FULL_RATE, done])
        self._schedule()
        return done

    def _advance(self):
        passed = (self.env.now - self.updated) * self.rate
        for read in self.running:
            read[0] -= passed
        self.updated = self.env.now

    def _schedule(self):
        self.version += 1
        if not self.running:
            return
        self.rate = (2 * FULL_RATE // len(self.running) + 1) // 2  # to the nearest
        soonest = min(read[0] for read in self.running)
        timeout = self.env.timeout(-(-soonest // self.rate), self.version)
        timeout.callbacks.append(self._end)

    def _end(self, timeout):
        if timeout.value != self.version:
            return  # the rate has changed since
        self._advance()
        for remaining, done in self.running:
            if remaining <= 0:
                done.succeed()
        self.running = [read for read in self.running if read[0] > 0]
        self._schedule()


class Pipeline:
    def __init__(self, env, description):
        self.env = env
        self.slots = simpy.Resource(env, description["reads"])
        self.requests = description["requests"]
        self.layers = description["layers"]  # by job
        self.rings = [Ring(capacity) for capacity in description["rings"]]
        self.storage = Storage(env)
        self.to_assemble = simpy.Store(env)
        self.to_execute = simpy.Store(env)
        self.released = 0
        self.on_release = None  # what the reader waits for
        self.events = 0
        self.makespan = 0
        for agent in (self.reader(), self.assembler(), self.executor()):
            env.process(agent)

    def reader(self):
        jobs = len(self.rings)
        per_request = jobs * len(self.layers[0])
        last_read = [None] * jobs
        item = 0
        for _ in range(self.requests):
            for index in range(len(self.layers[0])):
                for job in range(jobs):
                    layer = self.layers[job][index]
                    if layer[0] == 0:  # nothing to swap, only execution
                        self.to_assemble.put((job, layer, None))
                        item += 1
                        continue
                    if last_read[job] is not None:
                        yield last_read[job]
                    slot = self.slots.request()
                    yield slot
                    while item >= per_request and self.released <= item - per_request:
                        yield self.next_release()
                    while not self.rings[job].reserve(layer[0]):
                        yield self.next_release()
                    done = self.storage.read(layer[1])
                    done.callbacks.append(lambda _, slot=slot: self.slots.release(slot))
                    last_read[job] = done
                    self.to_assemble.put((job, layer, done))
                    item += 1

    def next_release(self):
        self.on_release = self.env.event()
        return self.on_release

    def assembler(self):
        while True:
            job, layer, done = yield self.to_assemble.get()
            if done is not None:
                yield done
                yield self.env.timeout(layer[2])
            self.to_execute.put((job, layer))

    def executor(self):
        while True:
            job, layer = yield self.to_execute.get()
            yield self.env.timeout(layer[3])
            self.makespan = self.env.now
            if layer[0] == 0:
                self.released += 1
                self.events += 1
            else:
                self.env.timeout(layer[4], job).callbacks.append(self.release)

    def release(self, timeout):
        self.rings[timeout.value].items.popleft()
        self.released += 1
        self.events += 4
        if self.on_release is not None:
            self.on_release.succeed()
            self.on_release = None


def read_description(lines):
    description = {"rings": [], "layers": []}
    for line in lines:
        key, *numbers = line.split()
        numbers = [int(number) for number in numbers]
        if key in ("reads", "requests"):
            description[key] = numbers[0]
        elif key == "ring":
            description["rings"].append(numbers[1])
            description["layers"].append([])
        elif key == "layer":
            description["layers"][numbers[0]].append(numbers[2:])
    return description


def main():
    env = simpy.Environment()
    pipeline = Pipeline(env, read_description(sys.stdin))
    start = time.process_time()
    env.run()
    seconds = time.process_time() - start
    print(f"events {pipeline.events} seconds {seconds:.6f} makespan_ns {pipeline.makespan}")


if __name__ == "__main__":
    main()
