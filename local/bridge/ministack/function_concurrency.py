"""Limits how many processes of functions run at once.

ministack starts one process per concurrent invocation. A burst then starts hundreds of them, which no laptop can run: ministack
itself gets no time to accept connections.

Here the other invocations wait, first come, first served. Lambda does not let them wait: over its limit it refuses an invocation with
429, which API Gateway turns into a 5xx, and the events of a stream or a queue are retried.

A waiting invocation holds nothing. A function without a running process starts at once, however many others run. So a function
whose request invokes another function cannot block itself.
"""

import collections
import contextlib
import os
import threading


def cores():
    """The cores that this process may use: fewer than the machine has in a container or under `taskset`."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


class FunctionConcurrency:
    """At most `of_one` invocations of one function run at once, and `of_all` of all functions."""

    def __init__(self, of_one, of_all):
        self.of_one = of_one
        self.of_all = of_all
        self.lock = threading.Lock()
        self.running = collections.Counter()
        self.waiting = collections.deque()

    @classmethod
    def of_this_machine(cls):
        of_one = max(2, cores())
        return cls(of_one, of_all=4 * of_one)

    @contextlib.contextmanager
    def invocation(self, function):
        """Waits for its turn, and holds a place until its end."""
        turn = threading.Event()
        with self.lock:
            self.waiting.append((function, turn))
            self._let_in()
        turn.wait()
        try:
            yield
        finally:
            with self.lock:
                self.running[function] -= 1
                self._let_in()

    def _let_in(self):
        """Starts the invocations that may run, oldest first. One that has to wait holds up no other function."""
        still_waiting = collections.deque()
        for function, turn in self.waiting:
            if self._may_run(function):
                self.running[function] += 1
                turn.set()
            else:
                still_waiting.append((function, turn))
        self.waiting = still_waiting

    def _may_run(self, function):
        its_own = self.running[function]
        return its_own == 0 or (its_own < self.of_one and self.running.total() < self.of_all)
