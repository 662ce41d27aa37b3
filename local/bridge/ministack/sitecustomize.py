"""Changes ministack when it starts. Python runs this file before anything else.

Gap: ministack takes a batch of a DynamoDB stream for done when the function reports that some of its records failed
(`ReportBatchItemFailures`). AWS brings them again. Here the whole batch comes again, as after an error; entries
that were delivered are no longer in the rows then.

Gap: ministack keeps a function's output in memory alone, and loses it with an invocation that is killed. Here each line is also
appended to the file that `CARILLON_FUNCTION_LOG` names, with the moment and the function, for `cargo local logs`.

Gap: the domain name in a WebSocket's events ends with the address that ministack listens on. That is not a host name,
since the last part of a host name cannot be a number.

Gap: ministack starts one process per concurrent invocation. Here `function_concurrency.py` limits them to what the machine's cores
can run, and the other invocations wait.

Gap: ministack queues a hundred connections that it has not accepted yet. A burst overflows that queue; Linux drops the
handshake, and the client repeats it after 1, 3 and 7 s, later than many a time-out. Here the queue is as long as the system
allows.

Gap: ministack answers web pages of elsewhere (`Access-Control-Allow-Origin: *`) and requests for any name; `guard.py` refuses both.

Gap: ministack shows a function's environment to everybody on this machine who asks for its configuration. So the emulator
has a word in place of each secret, and a function's process is given the secret itself, from the file that
`CARILLON_FUNCTION_SECRETS` names, which its owner alone may read.

Gaps that remain: a stream has no batching window and no bisecting, a queue's `ScalingConfig` has no effect, and an e-mail loses its headers
and tags. Rust tests cover AWS's behaviour.

`web_sockets.py` and `expiry.py` name the gaps of WebSockets and of rows past their expiry. `faults.py` lists the faults that are
rare on AWS and happen here on request; `stream_shards.py` has those of the table's stream.

For the console, which shows how long an event takes from the write that owes it to its arrival: each change of what a row owes,
each message of a WebSocket, each fact on the event bus and each registration of a device is appended to the file that `CARILLON_TRAFFIC_LOG` names, with its moment.
"""

import http.server
import importlib.abc
import importlib.util
import json
import os
import pathlib
import sys
import time

import expiry
import guard
import stream_shards
import web_sockets
from controls import Controls
from faults import Faults
from function_concurrency import FunctionConcurrency

FUNCTION_LOG = os.environ.get("CARILLON_FUNCTION_LOG")
TRAFFIC_LOG = os.environ.get("CARILLON_TRAFFIC_LOG")
SECRETS = os.environ.pop("CARILLON_FUNCTION_SECRETS", None)
APP = "ministack.app"
DYNAMODB = "ministack.services.dynamodb"
LAMBDA = "ministack.services.lambda_svc"
LAMBDA_RUNTIME = "ministack.core.lambda_runtime"
API_GATEWAY = "ministack.services.apigateway"
EVENT_BRIDGE = "ministack.services.eventbridge"
HTTP_SERVER = "hypercorn.config"
HTTP_SERVER_SOCKETS = "hypercorn.protocol.ws_stream"
FAULTS = Faults()
CONTROLS = Controls(FAULTS)


def append(path, record):
    """Adds a line to a file that only its owner may read."""
    try:
        # One write, so that lines that are written at once do not mix.
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, (json.dumps(record) + "\n").encode())
        finally:
            os.close(file)
    except OSError:
        # A full disk must stop nobody who only tells what happens.
        pass


def note(**what):
    if TRAFFIC_LOG:
        append(TRAFFIC_LOG, {"at": round(time.time() * 1000, 1), **what})


def bring_reported_failures_again(module):
    execute = module._execute_function

    def execute_function(func, event, *args, **kwargs):
        result = execute(func, event, *args, **kwargs)
        if is_of_stream(event) and reports_failures(result):
            result = {**result, "error": True}
        return result

    module._execute_function = execute_function


def limit_function_concurrency(module):
    concurrency = FunctionConcurrency.of_this_machine()
    execute = module._execute_function_provided_warm

    def execute_in_turn(func, *args, **kwargs):
        with concurrency.invocation((func.get("config") or func).get("FunctionName")):
            return execute(func, *args, **kwargs)

    module._execute_function_provided_warm = execute_in_turn
    # A batch is hidden in its queue while it waits for a process, and comes twice when it waits for too long.
    batches = module._sqs_esm_concurrency
    module._sqs_esm_concurrency = lambda *args, **kwargs: min(batches(*args, **kwargs), concurrency.of_one)


def share_reserved_concurrency(module):
    """Lambda reserves concurrency for a function with all its versions; ministack looks for it at the version that it invokes."""
    reserved = module._reserved_concurrency

    def of_function(func, config):
        return reserved(module._functions.get(config.get("FunctionName")) or func, config)

    module._reserved_concurrency = of_function


def change_lambda(module):
    share_reserved_concurrency(module)
    bring_reported_failures_again(module)
    limit_function_concurrency(module)
    give_processes_their_secrets(module)
    web_sockets.mark_failures(module)
    stream_shards.disturb_streams(module, FAULTS, lambda: sys.modules[DYNAMODB])


def queue_more_connections(module):
    # Linux cuts it to `net.core.somaxconn`, 4,096 by default.
    module.Config.backlog = 65_535


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
    """The output of a function's process; each line also goes to a file."""

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
        append(FUNCTION_LOG, record)

    def close(self):
        self.stream.close()


def keep_output_of_functions(module):
    pump = module.ProvidedWorker._pump_output

    def pump_and_keep(self, stream, log_queue):
        pump(self, Kept(stream, self.func_name) if FUNCTION_LOG else stream, log_queue)

    module.ProvidedWorker._pump_output = pump_and_keep


def change_api_gateway(module):
    web_sockets.behave_as_api_gateway(module, FAULTS)
    name_the_domain(module)
    note_what_sockets_say(module)
    note_what_sockets_are_told(module)


def change_dynamodb(module):
    expiry.keep_expired_rows(module)
    CONTROLS.expire = lambda: expiry.delete_expired_rows(module)
    note_what_rows_owe(module)


def note_what_sockets_say(module):
    invoke = module._invoke_ws_lambda

    async def invoke_ws_lambda(*args, **kwargs):
        note_message_of_socket(*args, **kwargs)
        return await invoke(*args, **kwargs)

    module._invoke_ws_lambda = invoke_ws_lambda


def note_message_of_socket(api, account, region, route, stage, connection, event, message, body, *_, query_params=None, **__):
    """A client's message and its connection. Leaves out the handshake, which has a token in it."""
    if event == "CONNECT":
        user = (query_params or {}).get("userId")
        note(connected={"connection": connection, "stage": stage, "user": user[0] if isinstance(user, list) else user})
    elif event == "MESSAGE":
        note(heard={"connection": connection, "stage": stage, "body": body})


def note_what_sockets_are_told(module):
    handle = module.handle_connections_api

    async def handle_connections_api(method, api_id, stage, connection_id, body, headers):
        response = await handle(method, api_id, stage, connection_id, body, headers)
        if method == "POST" and response[0] == 200:
            said = body.decode("utf-8", errors="replace")
            note(said={"connection": connection_id, "stage": stage, "body": said})
        return response

    module.handle_connections_api = handle_connections_api


def note_what_rows_owe(module):
    emit = module._emit_stream_event

    def emit_stream_event(table_name, event_name, old_item, new_item, *args, **kwargs):
        was, now = outbox(old_item), outbox(new_item)
        if was != now:
            key = {name: (new_item or old_item).get(name, {}).get("S") for name in ("pk", "sk")}
            note(wrote={**key, "was": was, "now": now})
        note_device(new_item or {})
        return emit(table_name, event_name, old_item, new_item, *args, **kwargs)

    module._emit_stream_event = emit_stream_event


def note_device(item):
    """Notes the user of a device. A push is shown with its user, who may have unregistered the device since."""
    user, kind = text(item, "pk"), text(item, "sk")
    if user.startswith("USER#") and kind.startswith("DEVICE#"):
        note(registered={"token": text(item, "token"), "user": user.removeprefix("USER#")})


def text(item, name):
    return (item.get(name) or {}).get("S") or ""


def outbox(item):
    return ((item or {}).get("outbox") or {}).get("S")


def note_facts(module):
    put_events = module._put_events

    def put_and_note_events(data, *args, **kwargs):
        response = put_events(data, *args, **kwargs)
        results = json.loads(response[2]).get("Entries", [])
        for entry, result in zip(data.get("Entries", []), results):
            if entry.get("Source") == "carillon" and "EventId" in result:
                name, bus, detail = (entry.get(key) or "" for key in ("DetailType", "EventBusName", "Detail"))
                note(fact={"name": name, "bus": bus, "detail": detail})
        return response

    module._put_events = put_and_note_events


def name_the_domain(module):
    context = module._ws_request_context

    def ws_request_context(api_id, *args, **kwargs):
        return {**context(api_id, *args, **kwargs), "domainName": f"{api_id}.execute-api.localhost"}

    module._ws_request_context = ws_request_context


def refuse_pages(module):
    module.app = guard.guarded(CONTROLS.with_controls(module.app))
    guard.guard_handlers(http.server.BaseHTTPRequestHandler)


def give_processes_their_secrets(module, path=SECRETS):
    if path is None:
        return
    environment_of = module._provided_worker_env

    def provided_worker_env(*args, **kwargs):
        environment = environment_of(*args, **kwargs)
        secrets = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        return {name: secrets.get(value, value) for name, value in environment.items()}

    module._provided_worker_env = provided_worker_env


CHANGES = {
    APP: refuse_pages,
    DYNAMODB: change_dynamodb,
    LAMBDA: change_lambda,
    LAMBDA_RUNTIME: keep_output_of_functions,
    API_GATEWAY: change_api_gateway,
    EVENT_BRIDGE: note_facts,
    HTTP_SERVER: queue_more_connections,
    HTTP_SERVER_SOCKETS: web_sockets.take_frames_as_api_gateway,
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
