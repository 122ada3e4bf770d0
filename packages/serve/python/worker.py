"""Runs a WSGI or ASGI application behind the front: `worker.py <file.py>:<name>`, a socket as descriptor 3.

Standard library alone, Python 3.9 or newer. Both sides speak frames, little endian:

    length of what follows: uint32 · kind: uint8 · request: uint32 · payload

Front to worker: REQUEST (length of the head: uint32, head as JSON, whole body), ACK (bytes the client took: uint32),
CANCEL (nobody waits for the answer any more), STOP (finish and end). Worker to front: READY (JSON), WHOLE (length of
the head: uint32, head as JSON, whole body), HEAD (JSON), BODY (bytes), END, FAILED (a line for the log).
"""

import asyncio
import importlib.util
import inspect
import io
import json
import os
import socket
import struct
import sys
import traceback
from urllib.parse import unquote_to_bytes

REQUEST, ACK, CANCEL, STOP = 1, 2, 3, 4
READY, WHOLE, HEAD, BODY, END, FAILED = 11, 12, 13, 14, 15, 16

# Bytes of one answer on their way to the front, before the application waits.
WINDOW = 256 * 1024
# Requests that an ASGI application has at once.
ASGI_AT_ONCE = 256

frame_head = struct.Struct("<IBI")
uint32 = struct.Struct("<I")


def frame(kind, request, payload=b""):
    return frame_head.pack(len(payload) + 5, kind, request) + payload


def head_and_body(status, headers, body):
    head = json.dumps([status, headers], separators=(",", ":")).encode()
    return uint32.pack(len(head)) + head + body


def request_in(payload):
    """The head as a dictionary, and the body."""
    length = uint32.unpack_from(payload)[0]
    return json.loads(payload[4 : 4 + length]), bytes(payload[4 + length :])


def load(target):
    # Two versions of a file within one second look the same to Python's cache.
    sys.dont_write_bytecode = True
    file, _, name = target.rpartition(":")
    file = os.path.abspath(file)
    sys.path.insert(0, os.path.dirname(file))
    module_name = os.path.splitext(os.path.basename(file))[0]
    spec = importlib.util.spec_from_file_location(module_name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    value = module
    for part in name.split("."):
        if not hasattr(value, part):
            raise SystemExit(f"{os.path.basename(file)} has no '{name}'")
        value = getattr(value, part)
    if not callable(value):
        raise SystemExit(f"'{name}' in {os.path.basename(file)} cannot be called: it is {type(value).__name__}")
    return value


def is_asgi(app):
    return any(inspect.iscoroutinefunction(it) for it in (app, getattr(app, "__call__", None)))


class Gone(OSError):
    """Nobody waits for this answer any more."""


class Wsgi:
    """One request at a time, in this thread."""

    def __init__(self, app, sock):
        self.app = app
        self.sock = sock
        self.rest = b""
        self.waiting = []
        self.cancelled = set()
        self.stopping = False
        self.unacknowledged = 0
        self.current = None

    def run(self):
        self.sock.sendall(frame(READY, 0, json.dumps({"interface": "wsgi", "atOnce": 1}).encode()))
        while True:
            while not self.waiting:
                if self.stopping:
                    return
                self.receive()
            number, payload = self.waiting.pop(0)
            if number in self.cancelled:
                self.cancelled.discard(number)
                # The front counts it as ours until it hears of its end.
                self.sock.sendall(frame(END, number))
            else:
                self.answer(number, payload)

    def receive(self):
        data = self.sock.recv(262144)
        if not data:
            # The front is gone, and with it everyone who waits.
            os._exit(0)
        if self.rest:
            data = self.rest + data
        at = 0
        while len(data) - at >= 9:
            length, kind, number = frame_head.unpack_from(data, at)
            end = at + 4 + length
            if len(data) < end:
                # The rest of a large frame comes in one go.
                data = data[at:] + self.receive_exactly(end - len(data))
                at, end = 0, end - at
            payload = data[at + 9 : end]
            at = end
            if kind == REQUEST:
                self.waiting.append((number, payload))
            elif kind == ACK and number == self.current:
                self.unacknowledged -= uint32.unpack(payload)[0]
            elif kind == CANCEL:
                if number == self.current or any(number == other for other, _ in self.waiting):
                    self.cancelled.add(number)
            elif kind == STOP:
                self.stopping = True
        self.rest = data[at:]

    def receive_exactly(self, length):
        pieces = []
        while length > 0:
            piece = self.sock.recv(min(length, 1 << 20))
            if not piece:
                os._exit(0)
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)

    def answer(self, number, payload):
        request, body = request_in(payload)
        self.current = number
        self.unacknowledged = 0
        state = {"head": None, "sent": False}

        def send_head():
            state["sent"] = True
            self.sock.sendall(frame(HEAD, number, json.dumps(state["head"], separators=(",", ":")).encode()))

        def write(data):
            if not data:
                return
            if not state["sent"]:
                send_head()
            for at in range(0, len(data), WINDOW):
                piece = data[at : at + WINDOW]
                while self.unacknowledged > 0 and self.unacknowledged + len(piece) > WINDOW:
                    if number in self.cancelled:
                        raise Gone()
                    self.receive()
                self.unacknowledged += len(piece)
                self.sock.sendall(frame(BODY, number, piece))

        def start_response(status, headers, exc_info=None):
            if exc_info:
                try:
                    if state["sent"]:
                        raise exc_info[1].with_traceback(exc_info[2])
                finally:
                    exc_info = None
            elif state["head"] is not None:
                raise AssertionError("start_response was called before")
            state["head"] = [int(status.split(" ", 1)[0]), [[name.lower(), value] for name, value in headers]]
            return write

        result = None
        try:
            result = self.app(environ_of(request, body), start_response)
            # The usual answer is one piece: it goes in one frame.
            if isinstance(result, (list, tuple)) and state["head"] is not None and not state["sent"]:
                whole = b"".join(result)
                if len(whole) <= WINDOW:
                    status, fields = state["head"]
                    self.sock.sendall(frame(WHOLE, number, head_and_body(status, fields, whole)))
                    return
                write(whole)
            else:
                for piece in result:
                    if piece and state["head"] is None:
                        raise AssertionError("a body before start_response")
                    write(piece)
            if state["head"] is None:
                raise AssertionError("start_response was not called")
            if not state["sent"]:
                send_head()
            self.sock.sendall(frame(END, number))
        except Gone:
            self.sock.sendall(frame(END, number))
        except Exception:
            self.sock.sendall(frame(FAILED, number, traceback.format_exc().encode()))
        finally:
            try:
                if hasattr(result, "close"):
                    result.close()
            except Exception:
                traceback.print_exc()
            self.cancelled.discard(number)
            self.current = None


def environ_of(request, body):
    environ = {
        "REQUEST_METHOD": request["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request["path"]).decode("latin-1"),
        "QUERY_STRING": request["query"],
        "SERVER_NAME": request["server"][0],
        "SERVER_PORT": str(request["server"][1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request["client"],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    for name, value in request["headers"]:
        # `x_y` and `x-y` would be one variable: who may set the one could pass for the other.
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    if "CONTENT_LENGTH" in environ or body:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


class Asgi:
    """Many requests at once, on one event loop."""

    def __init__(self, app, sock):
        self.app = app
        self.sock = sock
        self.requests = {}
        self.stopping = asyncio.Event()
        self.state = {}
        self.out = []
        self.tasks = set()

    async def run(self):
        self.reader, self.writer = await asyncio.open_unix_connection(sock=self.sock, limit=1 << 20)
        finish_lifespan = await self.lifespan()
        self.send_now(frame(READY, 0, json.dumps({"interface": "asgi", "atOnce": ASGI_AT_ONCE}).encode()))
        receiving = asyncio.ensure_future(self.receive_all())
        await self.stopping.wait()
        while self.tasks:
            await asyncio.wait(self.tasks)
        self.flush()
        await self.writer.drain()
        await finish_lifespan()
        receiving.cancel()

    async def receive_all(self):
        try:
            while True:
                length, kind, number = frame_head.unpack(await self.reader.readexactly(9))
                payload = await self.reader.readexactly(length - 5)
                if kind == REQUEST:
                    request = AsgiRequest(self, number, payload)
                    self.requests[number] = request
                    task = asyncio.ensure_future(request.run())
                    self.tasks.add(task)
                    task.add_done_callback(self.tasks.discard)
                elif kind == STOP:
                    self.stopping.set()
                elif number in self.requests:
                    request = self.requests[number]
                    if kind == ACK:
                        request.unacknowledged -= uint32.unpack(payload)[0]
                    elif kind == CANCEL:
                        request.gone = True
                    request.changed.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            # The front is gone, and with it everyone who waits.
            os._exit(0)

    def send_now(self, data):
        # What one turn of the loop answers goes out in one write.
        if not self.out:
            asyncio.get_running_loop().call_soon(self.flush)
        self.out.append(data)

    def flush(self):
        if self.out:
            self.writer.write(b"".join(self.out))
            self.out = []

    async def lifespan(self):
        """Starts the application; returns what ends it. One that knows no lifespan is served without."""
        to_app = asyncio.Queue()
        started, ended = asyncio.Event(), asyncio.Event()
        failure = []

        async def send(message):
            if message["type"] == "lifespan.startup.complete":
                started.set()
            elif message["type"] == "lifespan.startup.failed":
                failure.append(message.get("message", ""))
                started.set()
            else:
                ended.set()

        async def live():
            try:
                scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
                await self.app(scope, to_app.get, send)
            except BaseException:
                if started.is_set() and not ended.is_set():
                    traceback.print_exc()
            finally:
                started.set()
                ended.set()

        task = asyncio.ensure_future(live())
        await to_app.put({"type": "lifespan.startup"})
        await started.wait()
        if failure:
            raise SystemExit(f"the application failed to start: {failure[0]}")

        async def finish():
            if not task.done():
                await to_app.put({"type": "lifespan.shutdown"})
                await ended.wait()

        return finish


class AsgiRequest:
    def __init__(self, worker, number, payload):
        self.worker = worker
        self.number = number
        self.head, self.body = request_in(payload)
        self.received = False
        self.status = None
        self.headers = []
        self.sent = False
        self.done = False
        self.gone = False
        self.unacknowledged = 0
        self.changed = asyncio.Event()

    async def run(self):
        head = self.head
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": head["version"],
            "method": head["method"],
            "scheme": head["scheme"],
            "path": unquote_to_bytes(head["path"]).decode("utf-8", "replace"),
            "raw_path": head["path"].encode("latin-1"),
            "query_string": head["query"].encode("latin-1"),
            "root_path": "",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head["headers"]],
            "client": (head["client"], 0) if head["client"] else None,
            "server": tuple(head["server"]),
            "state": self.worker.state.copy(),
        }
        try:
            await self.worker.app(scope, self.receive, self.send)
            if not self.done and not self.gone:
                raise AssertionError("the application ended without a whole answer")
        except Gone:
            pass
        except Exception:
            if not self.gone:
                self.done = True
                self.worker.send_now(frame(FAILED, self.number, traceback.format_exc().encode()))
        finally:
            # The front counts it as ours until it hears of its end.
            if not self.done:
                self.worker.send_now(frame(END, self.number))
            self.worker.requests.pop(self.number, None)

    async def receive(self):
        if not self.received:
            self.received = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        while not self.gone and not self.done:
            self.changed.clear()
            await self.changed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if self.gone:
            raise Gone()
        kind = message["type"]
        if kind == "http.response.start":
            if self.status is not None:
                raise AssertionError("http.response.start was sent before")
            self.status = message["status"]
            self.headers = [
                [bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1")]
                for name, value in message.get("headers", [])
            ]
            return
        if kind != "http.response.body" or self.status is None or self.done:
            raise AssertionError(f"{kind} cannot be sent now")
        body = message.get("body", b"")
        more = message.get("more_body", False)
        send_now = self.worker.send_now
        if not self.sent and not more and len(body) <= WINDOW:
            self.finish(frame(WHOLE, self.number, head_and_body(self.status, self.headers, bytes(body))))
            return
        if not self.sent:
            self.sent = True
            send_now(frame(HEAD, self.number, json.dumps([self.status, self.headers]).encode()))
        for at in range(0, len(body), WINDOW):
            piece = bytes(body[at : at + WINDOW])
            while self.unacknowledged > 0 and self.unacknowledged + len(piece) > WINDOW:
                self.changed.clear()
                await self.changed.wait()
                if self.gone:
                    raise Gone()
            self.unacknowledged += len(piece)
            send_now(frame(BODY, self.number, piece))
        if not more:
            self.finish(frame(END, self.number))

    def finish(self, last):
        self.done = True
        self.worker.send_now(last)
        self.changed.set()


def main():
    sock = socket.socket(fileno=3)
    os.set_inheritable(3, False)
    app = load(sys.argv[1])
    if is_asgi(app):
        try:
            import uvloop

            uvloop.install()
        except ImportError:
            pass
        asyncio.run(run_asgi(app, sock))
    else:
        sock.setblocking(True)
        Wsgi(app, sock).run()


async def run_asgi(app, sock):
    sock.setblocking(False)
    await Asgi(app, sock).run()


if __name__ == "__main__":
    main()
