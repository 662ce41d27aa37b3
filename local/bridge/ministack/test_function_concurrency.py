"""Run by `cargo test -p carillon-local`, or with `python3 -m unittest discover local/bridge/ministack`."""

import importlib.util
import pathlib
import threading
import types
import unittest

from function_concurrency import FunctionConcurrency

LIMIT = 30


class Invocation:
    """An invocation that goes on until the test ends it."""

    def __init__(self, act):
        self.runs, self.is_over, self.may_end = threading.Event(), threading.Event(), threading.Event()
        self.thread = threading.Thread(target=act, args=(self,), daemon=True)

    def run(self):
        self.runs.set()
        self.may_end.wait(LIMIT)

    def end(self):
        self.may_end.set()
        self.thread.join(LIMIT)


class Concurrency(unittest.TestCase):
    def invoke(self, concurrency, *functions):
        """Invokes one function after the other. Each of them runs or waits when this returns."""
        return [self.invoke_one(concurrency, function) for function in functions]

    def invoke_one(self, concurrency, function):
        def act(invocation):
            with concurrency.invocation(function):
                invocation.run()

        waiting = len(concurrency.waiting)
        invocation = Invocation(act)
        self.addCleanup(invocation.may_end.set)
        invocation.thread.start()
        while not invocation.runs.wait(0.001) and len(concurrency.waiting) == waiting:
            pass
        return invocation

    def assert_run(self, invocations, expected):
        for invocation, runs in zip(invocations, expected, strict=True):
            # A waiting invocation starts only when another one ends, so waiting longer would prove no more.
            self.assertEqual(invocation.runs.wait(LIMIT if runs else 0), runs)

    def test_so_many_of_one_function_run_at_once_and_the_others_follow_in_their_order(self):
        concurrency = FunctionConcurrency(of_one=2, of_all=100)
        invocations = self.invoke(concurrency, *["a"] * 5)
        self.assert_run(invocations, [True, True, False, False, False])
        invocations[1].end()
        self.assert_run(invocations, [True, True, True, False, False])
        invocations[0].end()
        self.assert_run(invocations, [True, True, True, True, False])
        invocations[2].end()
        self.assert_run(invocations, [True] * 5)

    def test_so_many_of_all_functions_run_at_once(self):
        concurrency = FunctionConcurrency(of_one=2, of_all=3)
        invocations = self.invoke(concurrency, "a", "a", "b", "b", "c", "c")
        self.assert_run(invocations, [True, True, True, False, True, False])
        invocations[0].end()
        # Three still run, as many as may: one more of b would be the fourth.
        self.assert_run(invocations, [True, True, True, False, True, False])
        invocations[1].end()
        self.assert_run(invocations, [True, True, True, True, True, False])

    def test_a_function_of_which_none_runs_starts_however_many_others_do_so_that_none_waits_for_itself(self):
        concurrency = FunctionConcurrency(of_one=2, of_all=2)
        outer = self.invoke(concurrency, "a", "a", "a")
        self.assert_run(outer, [True, True, False])
        inner = self.invoke(concurrency, "b")
        self.assert_run(inner, [True])

    def test_who_waits_for_its_own_function_holds_up_no_other(self):
        concurrency = FunctionConcurrency(of_one=1, of_all=100)
        invocations = self.invoke(concurrency, "a", "a", "a", "b")
        self.assert_run(invocations, [True, False, False, True])

    def test_a_failed_invocation_gives_its_place_back(self):
        concurrency = FunctionConcurrency(of_one=1, of_all=1)
        with self.assertRaises(ValueError), concurrency.invocation("a"):
            raise ValueError
        self.assert_run(self.invoke(concurrency, "a"), [True])

    def test_two_run_at_once_on_a_machine_of_one_core_too(self):
        concurrency = FunctionConcurrency.of_this_machine()
        self.assertGreaterEqual(concurrency.of_one, 2)
        self.assertGreaterEqual(concurrency.of_all, concurrency.of_one)


class Ministack(unittest.TestCase):
    def test_its_invocations_take_their_turn(self):
        lock, counts, highest = threading.Lock(), {}, {}

        def execute(func, event, request):
            name = func["config"]["FunctionName"]
            with lock:
                counts[name] = counts.get(name, 0) + 1
                highest[name] = max(highest.get(name, 0), counts[name])
            # Others get the processor meanwhile.
            threading.Event().wait(0.001)
            with lock:
                counts[name] -= 1
            return {"body": (event, request)}

        module = changed_lambda(execute)
        results = []

        def invoke(number):
            function = {"config": {"FunctionName": f"function-{number % 3}"}}
            results.append(module._execute_function_provided_warm(function, number, "request"))

        threads = [threading.Thread(target=invoke, args=(number,)) for number in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        self.assertEqual(sorted(result["body"] for result in results), [(number, "request") for number in range(60)])
        at_once = FunctionConcurrency.of_this_machine().of_one
        self.assertTrue(all(0 < count <= at_once for count in highest.values()), highest)

    def test_it_takes_no_more_batches_from_a_queue_than_can_run(self):
        at_once = FunctionConcurrency.of_this_machine().of_one
        for wanted, taken in ((1, 1), (at_once + 1, at_once), (1_000, at_once)):
            module = changed_lambda(batches=lambda *_: wanted)
            self.assertEqual(module._sqs_esm_concurrency({}, {}, {}), taken)

    def test_its_port_takes_a_burst_of_connections(self):
        module = types.SimpleNamespace(Config=type("Config", (), {"backlog": 100}))
        sitecustomize().queue_more_connections(module)
        self.assertGreaterEqual(module.Config.backlog, 4_096)


def changed_lambda(execute=None, batches=None):
    module = types.SimpleNamespace(_execute_function_provided_warm=execute, _sqs_esm_concurrency=batches)
    sitecustomize().limit_function_concurrency(module)
    return module


def sitecustomize():
    """The file beside this one, and not the module of this name that Python may have loaded at its start."""
    path = pathlib.Path(__file__).with_name("sitecustomize.py")
    spec = importlib.util.spec_from_file_location("changes_of_ministack", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    unittest.main()
