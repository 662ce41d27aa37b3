"""A back end with Pusher's library for Python.

Reads its options as a line of JSON, then calls: {"call": "trigger", "args": [...], "kwargs": {...}}. It answers each with a line:
{"result": ...}, or {"error": "PusherBadStatus", "message": "..."} with what the library raises.
"""

import json
import sys

from pusher import Pusher


def shown(value):
    """The shared secret of an encrypted channel is bytes of base64."""
    return value.decode() if isinstance(value, bytes) else repr(value)


def answer(backend, call):
    try:
        return {"result": getattr(backend, call["call"])(*call.get("args", []), **call.get("kwargs", {}))}
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}


def main():
    backend = Pusher(**json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        print(json.dumps(answer(backend, json.loads(line)), default=shown), flush=True)


main()
