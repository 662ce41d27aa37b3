"""What is changed in ministack when it starts. Python runs this file before anything else.

Gap: ministack takes a batch of a DynamoDB stream for done when the function reports that some of its records failed
(`ReportBatchItemFailures`). AWS brings them again. Here the whole batch comes again, as after an error; what was delivered
of it is no longer owed then.

Gap: what a function prints is kept in memory alone, and is gone with an invocation that is killed. Here each line is also
appended to the file that `CARILLON_FUNCTION_LOG` names, with the moment and the function, for `cargo local logs`.

Gap: ministack refuses a WebSocket's handshake with 403, whatever status the function of `$connect` responds. AWS passes the
status on.

Gap: ministack sends a client what the function of a route responds to its message. AWS does so only where the route has a route
response; here none has.

Gap: the domain name in a WebSocket's events ends with the address that ministack listens on, so it is none: the last part of
a host name is no number.
"""

import contextvars
import importlib.abc
import importlib.util
import json
import os
import sys
import time

FUNCTION_LOG = os.environ.get("CARILLON_FUNCTION_LOG")
LAMBDA = "ministack.services.lambda_svc"
LAMBDA_RUNTIME = "ministack.core.lambda_runtime"
API_GATEWAY = "ministack.services.apigateway"
# Which argument of `_invoke_ws_lambda` is the kind of event.
EVENT_OF_INVOKE = 6


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


class Kept:
    """The output of a function's process, each line of which is also kept in a file."""

    def __init__(self, stream, function):
        self.stream = stream
        self.function = function

    def readline(self):
        line = self.stream.readline()
        if line:
            self.keep(line)
        return line

    def keep(self, line):
        text = line.decode("utf-8", errors="replace") if isinstance(line, bytes) else line
        record = {"at": int(time.time() * 1000), "function": self.function, "text": text.rstrip("\r\n")}
        try:
            # One write, so that the lines of functions that print at once do not mix.
            file = os.open(FUNCTION_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, (json.dumps(record) + "\n").encode())
            finally:
                os.close(file)
        except OSError:
            # A full disk must not stop the thread that empties the pipe.
            pass

    def close(self):
        self.stream.close()


def keep_output_of_functions(module):
    pump = module.ProvidedWorker._pump_output

    def pump_and_keep(self, stream, log_queue):
        pump(self, Kept(stream, self.func_name) if FUNCTION_LOG else stream, log_queue)

    module.ProvidedWorker._pump_output = pump_and_keep


def refuse_with_the_status_of_connect(module):
    refused = contextvars.ContextVar("refused", default=None)
    invoke, handle = module._invoke_ws_lambda, module.handle_websocket

    async def invoke_ws_lambda(*args, **kwargs):
        response = await invoke(*args, **kwargs)
        seen, event = refused.get(), args[EVENT_OF_INVOKE]
        if event == "CONNECT" and seen is not None:
            seen["status"] = int((response or {}).get("statusCode", 200))
        return {**response, "body": None} if event == "MESSAGE" and response else response

    async def handle_websocket(scope, receive, send, *args, **kwargs):
        seen = {}
        refused.set(seen)
        can_say = "websocket.http.response" in (scope.get("extensions") or {})

        async def say(message):
            if message["type"] == "websocket.accept":
                seen["accepted"] = True
            is_refusal = message["type"] == "websocket.close" and not seen.get("accepted")
            if is_refusal and can_say and seen.get("status", 0) >= 300:
                await send({"type": "websocket.http.response.start", "status": seen["status"], "headers": []})
                await send({"type": "websocket.http.response.body", "body": b""})
            else:
                await send(message)

        await handle(scope, receive, say, *args, **kwargs)

    module._invoke_ws_lambda, module.handle_websocket = invoke_ws_lambda, handle_websocket
    name_the_domain(module)


def name_the_domain(module):
    context = module._ws_request_context

    def ws_request_context(api_id, *args, **kwargs):
        return {**context(api_id, *args, **kwargs), "domainName": f"{api_id}.execute-api.localhost"}

    module._ws_request_context = ws_request_context


CHANGES = {
    LAMBDA: bring_reported_failures_again,
    LAMBDA_RUNTIME: keep_output_of_functions,
    API_GATEWAY: refuse_with_the_status_of_connect,
}


class AfterImport(importlib.abc.MetaPathFinder):
    """Changes each of the modules right after it is imported."""

    def find_spec(self, name, path=None, target=None):
        change = CHANGES.pop(name, None)
        if change is None:
            return None
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            change(module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, AfterImport())
