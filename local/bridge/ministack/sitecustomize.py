"""What is changed in ministack when it starts. Python runs this file before anything else.

Gap: ministack takes a batch of a DynamoDB stream for done when the function reports that some of its records failed
(`ReportBatchItemFailures`). AWS brings them again. Here the whole batch comes again, as after an error; what was delivered
of it is no longer owed then.
"""

import importlib.abc
import importlib.util
import json
import sys

LAMBDA = "ministack.services.lambda_svc"


def bring_reported_failures_again(module):
    execute = module._execute_function

    def execute_function(func, event, *args, **kwargs):
        result = execute(func, event, *args, **kwargs)
        if is_of_stream(event) and reports_failures(result):
            result = {**result, "error": True}
        return result

    module._execute_function = execute_function


def is_of_stream(event):
    records = event.get("Records") if isinstance(event, dict) else None
    return bool(records) and "dynamodb" in records[0]


def reports_failures(result):
    body = result.get("body")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return False
    return isinstance(body, dict) and bool(body.get("batchItemFailures"))


class AfterImport(importlib.abc.MetaPathFinder):
    """Changes the module right after it is imported."""

    def find_spec(self, name, path=None, target=None):
        if name != LAMBDA:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            bring_reported_failures_again(module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, AfterImport())
