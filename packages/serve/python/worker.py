"""Runs a WSGI or ASGI application behind the front: `worker.py <file.py>:<name> <threads>`, a socket as descriptor 3.

Standard library alone, Python 3.9 or newer. Both sides speak frames, little endian:

    length of what follows: uint32 · kind: uint8 · request: uint32 · payload

A head is Latin-1, its parts separated by NUL, which no part can hold.

Front to worker: REQUEST (length of the head: uint32; head: method, scheme, version, authority, address of the client,
target, then name and value of each field; the whole body), ACK (bytes the client took: uint32), CANCEL (nobody waits for
the answer any more), ABANDON (it was waited for long enough), PING, STOP (finish and end).

Worker to front: READY (JSON), WHOLE and WHOLE_ASCII (status: uint16; length of the head: uint32; head: name and value
of each field; the whole body), HEAD (status: uint16; head as above), BODY (bytes), END, FAILED (text for the log),
RETURNED (not begun, for another worker), PONG.
"""

import asyncio
import importlib.util
import inspect
import io
import json
import os
import queue
import select
import socket
import struct
import sys
import threading
import time
import traceback
from itertools import chain
from urllib.parse import unquote_to_bytes

REQUEST, ACK, CANCEL, ABANDON, PING, STOP = 1, 2, 3, 4, 5, 6
READY, WHOLE, WHOLE_ASCII, HEAD, BODY, END, FAILED, RETURNED, PONG = 11, 12, 13, 14, 15, 16, 17, 18, 19

# Bytes of one answer on their way to the front, before the application waits.
WINDOW = 256 * 1024
# Bytes of one frame of an answer that comes in pieces.
PIECE = 64 * 1024
# Bytes that are read at once.
READ = 64 * 1024
# Requests that an ASGI application has at once.
ASGI_AT_ONCE = 256
# Answers of an ASGI application that go out in one write: with more the front would have nothing to do meanwhile.
GATHERED = 16
# Seconds without an answer after which a WSGI application's waiting requests go to another worker.
STALL = 0.005
# Names of fields that are remembered.
NAMES = 1024

frame_head = struct.Struct("<IBI")
answer_head = struct.Struct("<IBIHI")
status_only = struct.Struct("<H")
uint32 = struct.Struct("<I")


def frame(kind, request, payload=b""):
    return frame_head.pack(len(payload) + 5, kind, request) + payload


def whole_answer(request, status, head, body):
    kind = WHOLE_ASCII if body.isascii() else WHOLE
    return b"".join(
        (answer_head.pack(len(head) + len(body) + 11, kind, request, status, len(head)), head, body)
    )


def begun_answer(request, status, head):
    return frame_head.pack(len(head) + 7, HEAD, request) + status_only.pack(status) + head


def declared_length(headers):
    """What `content-length` says, of texts or of bytes; None where nothing does."""
    for name, value in headers:
        if name.lower() in ("content-length", b"content-length"):
            return int(value)
    return None


class Frames:
    """Cuts what comes into (kind, request, payload)."""

    def __init__(self):
        self.pieces = []
        self.size = 0
        self.wanted = 9

    def cut(self, data):
        if self.pieces or len(data) < 9:
            # A large frame comes in many pieces: they are put together once.
            self.pieces.append(data)
            self.size += len(data)
            if self.size < self.wanted:
                return []
            data = b"".join(self.pieces)
            self.pieces = []
        found = []
        at, size = 0, len(data)
        self.wanted = 9
        while size - at >= 9:
            length, kind, request = frame_head.unpack_from(data, at)
            end = at + 4 + length
            if end > size:
                self.wanted = end - at
                break
            found.append((kind, request, data[at + 9 : end]))
            at = end
        self.size = size - at
        if at < size:
            self.pieces.append(data[at:])
        return found


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


def name_and_port(authority, scheme):
    """`[::1]:80` is `::1` and 80."""
    name, colon, port = authority.rpartition(":")
    if not colon or not port.isdigit():
        name, port = authority, "443" if scheme == "https" else "80"
    return name[1:-1] if name.startswith("[") and name.endswith("]") else name, port


class FileWrapper:
    """`wsgi.file_wrapper`: a file as pieces."""

    def __init__(self, file, size=PIECE):
        self.file = file
        self.size = size
        if hasattr(file, "close"):
            self.close = file.close

    def __iter__(self):
        return self

    def __next__(self):
        piece = self.file.read(self.size)
        if not piece:
            raise StopIteration
        return piece


class Wsgi:
    """One request per thread; one thread more reads what the front says."""

    def __init__(self, app, sock, threads):
        self.app = app
        self.sock = sock
        self.threads = threads
        self.sending = threading.Lock()
        self.waiting = queue.SimpleQueue()
        self.current = {}
        # Numbers of what waits and is still wanted.
        self.wanted = set()
        self.changed = threading.Condition()
        self.finished = 0
        self.is_fork = False
        self.keys = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
        self.template = {
            "SCRIPT_NAME": "",
            "wsgi.version": (1, 0),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": threads > 1,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "wsgi.file_wrapper": FileWrapper,
        }

    def run(self):
        os.register_at_fork(after_in_child=self.forked)
        self.send(frame(READY, 0, json.dumps({"interface": "wsgi", "atOnce": self.threads}).encode()))
        threading.Thread(target=self.read, name="front", daemon=True).start()
        others = [threading.Thread(target=self.work, name=f"request-{n}") for n in range(1, self.threads)]
        for thread in others:
            thread.start()
        self.work()
        for thread in others:
            thread.join()

    def forked(self):
        # A child of the application's must not answer in our name.
        self.is_fork = True
        self.sock.close()
        self.sending = threading.Lock()
        self.changed = threading.Condition()

    def send(self, data):
        with self.sending:
            self.sock.sendall(data)

    def read(self):
        try:
            self.read_frames()
        except BaseException:
            # Without this thread the process would never hear of anything again.
            traceback.print_exc()
            os._exit(1)

    def read_frames(self):
        frames = Frames()
        sock, waiting = self.sock, self.waiting
        looked, seen = 0.0, 0
        while True:
            if not waiting.empty():
                ready = select.select([sock], [], [], STALL)[0]
                now = time.monotonic()
                if self.finished != seen:
                    looked, seen = now, self.finished
                elif now - looked >= STALL:
                    self.give_back()
                if not ready:
                    continue
            try:
                data = sock.recv(READ)
            except OSError:
                data = b""
            if not data:
                # The front is gone, and with it everyone who waits.
                os._exit(0)
            if waiting.empty():
                looked, seen = time.monotonic(), self.finished
            for kind, number, payload in frames.cut(data):
                if kind == REQUEST:
                    self.wanted.add(number)
                    waiting.put((number, payload))
                elif kind == ACK:
                    with self.changed:
                        if number in self.current:
                            self.current[number].unacknowledged -= uint32.unpack(payload)[0]
                        self.changed.notify_all()
                elif kind == CANCEL:
                    with self.changed:
                        self.wanted.discard(number)
                        if number in self.current:
                            self.current[number].gone = True
                        self.changed.notify_all()
                elif kind == STOP:
                    for _ in range(self.threads):
                        waiting.put(None)

    def give_back(self):
        """The threads are busy for longer: another worker may be free for what waits."""
        taken = []
        stops = 0
        try:
            while True:
                item = self.waiting.get_nowait()
                if item is None:
                    stops += 1
                else:
                    taken.append(item[0])
        except queue.Empty:
            pass
        for _ in range(stops):
            self.waiting.put(None)
        if taken:
            # The last first, as each goes before those that wait at the front.
            self.wanted.difference_update(taken)
            self.send(b"".join(frame(RETURNED, number) for number in reversed(taken)))

    def work(self):
        get = self.waiting.get
        while True:
            item = get()
            if item is None:
                return
            number, payload = item
            answer = WsgiAnswer(self, number)
            with self.changed:
                self.current[number] = answer
                wanted = number in self.wanted
                self.wanted.discard(number)
            try:
                if wanted:
                    answer.run(payload)
                else:
                    # The front counts it as ours until it hears of its end.
                    self.send(frame(END, number))
            except OSError:
                # The front is gone; or this is a child of the application's that came here by a fork.
                os._exit(1)
            finally:
                if self.is_fork:
                    os._exit(0)
                self.finished += 1
                del self.current[number]

    def environ(self, payload):
        length = uint32.unpack_from(payload)[0]
        parts = payload[4 : 4 + length].decode("latin-1").split("\0")
        environ = self.template.copy()
        method, scheme, version, authority, client, target = parts[:6]
        path, _, query = target.partition("?")
        environ["REQUEST_METHOD"] = method
        environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1") if "%" in path else path
        environ["QUERY_STRING"] = query
        environ["SERVER_NAME"], environ["SERVER_PORT"] = name_and_port(authority, scheme)
        environ["SERVER_PROTOCOL"] = "HTTP/" + version
        environ["REMOTE_ADDR"] = client
        environ["wsgi.url_scheme"] = scheme
        environ["wsgi.input"] = io.BytesIO(payload[4 + length :])
        keys = self.keys
        for name, value in zip(parts[6::2], parts[7::2]):
            key = keys.get(name) or self.key(name)
            if key in environ:
                # `x_y` and `x-y` would be one variable: who may set the one could pass for the other.
                if "_" not in name:
                    environ[key] += ("; " if name == "cookie" else ",") + value
            elif "_" not in name:
                environ[key] = value
        if len(payload) > 4 + length or "CONTENT_LENGTH" in environ:
            environ["CONTENT_LENGTH"] = str(len(payload) - 4 - length)
        return environ

    def key(self, name):
        key = "HTTP_" + name.upper().replace("-", "_")
        if len(self.keys) < NAMES:
            self.keys[name] = key
        return key


class WsgiAnswer:
    status = None
    headers = ()
    head = b""
    # Whether its head went out, and whether all of it did, in one frame.
    sent = False
    whole = False
    # Whether nobody waits for it any more.
    gone = False
    # Bytes on their way to the client.
    unacknowledged = 0

    def __init__(self, worker, number):
        self.worker = worker
        self.number = number

    def start_response(self, status, headers, exc_info=None):
        if exc_info:
            try:
                if self.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status is not None:
            raise AssertionError("start_response was called before")
        number = int(status[:3])
        head = "\0".join(chain.from_iterable(headers))
        if headers and head.count("\0") != 2 * len(headers) - 1:
            raise ValueError("a header is no pair, or holds NUL")
        self.head = head.encode("latin-1")
        self.headers = headers
        self.status = number
        return self.write

    def write(self, data):
        worker, number = self.worker, self.number
        if not data:
            return
        if self.whole:
            raise AssertionError("more body than content-length says")
        if not self.sent:
            if self.status is None:
                raise AssertionError("a body before start_response")
            if len(data) <= WINDOW and len(data) == declared_length(self.headers):
                # All that was announced.
                self.send_whole(data)
                return
            worker.send(begun_answer(number, self.status, self.head))
            self.sent = True
        for at in range(0, len(data), PIECE):
            piece = data[at : at + PIECE]
            with worker.changed:
                while not self.gone and self.unacknowledged and self.unacknowledged + len(piece) > WINDOW:
                    worker.changed.wait()
                if self.gone:
                    raise Gone()
                self.unacknowledged += len(piece)
            worker.send(frame(BODY, number, piece))

    def send_whole(self, body):
        self.worker.send(whole_answer(self.number, self.status, self.head, body))
        self.sent = self.whole = True

    def run(self, payload):
        send, number = self.worker.send, self.number
        result = None
        try:
            result = self.worker.app(self.worker.environ(payload), self.start_response)
            # The usual answer is one piece: it goes in one frame.
            if isinstance(result, (list, tuple)) and self.status is not None and not self.sent:
                whole = result[0] if len(result) == 1 else b"".join(result)
                if len(whole) <= WINDOW:
                    self.send_whole(whole)
                    return
                self.write(whole)
            else:
                for piece in result:
                    self.write(piece)
            if self.status is None:
                raise AssertionError("start_response was not called")
            if not self.sent:
                self.send_whole(b"")
            elif not self.whole:
                send(frame(END, number))
        except Gone:
            send(frame(END, number))
        except BaseException:
            if self.whole:
                traceback.print_exc()
            else:
                send(frame(FAILED, number, traceback.format_exc().encode("utf-8", "replace")))
        finally:
            try:
                if hasattr(result, "close"):
                    result.close()
            except BaseException:
                traceback.print_exc()


class Asgi:
    """Many requests at once, on one event loop."""

    def __init__(self, app, sock):
        self.app = app
        self.sock = sock
        self.frames = Frames()
        self.requests = {}
        self.stopping = asyncio.Event()
        self.state = {}
        self.out = []
        # What the front does not take yet.
        self.unsent = b""
        self.tasks = set()
        self.servers = {}

    async def run(self):
        self.loop = asyncio.get_running_loop()
        finish_lifespan = await self.lifespan()
        os.register_at_fork(after_in_child=self.sock.close)
        self.send_now(frame(READY, 0, json.dumps({"interface": "asgi", "atOnce": ASGI_AT_ONCE}).encode()))
        self.loop.add_reader(self.sock.fileno(), self.on_readable)
        await self.stopping.wait()
        while self.tasks:
            await asyncio.wait(self.tasks)
        self.flush()
        while self.unsent:
            await asyncio.sleep(0.001)
        await finish_lifespan()

    def on_readable(self):
        try:
            data = self.sock.recv(READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            # The front is gone, and with it everyone who waits.
            os._exit(0)
        for kind, number, payload in self.frames.cut(data):
            if kind == REQUEST:
                request = AsgiRequest(self, number, payload)
                self.requests[number] = request
                task = request.task = self.loop.create_task(request.run())
                self.tasks.add(task)
            elif kind == PING:
                self.send_now(frame(PONG, 0))
            elif kind == STOP:
                self.stopping.set()
            elif number in self.requests:
                request = self.requests[number]
                if kind == ACK:
                    request.unacknowledged -= uint32.unpack(payload)[0]
                elif kind == CANCEL:
                    request.gone = True
                elif kind == ABANDON:
                    request.gone = True
                    request.task.cancel()
                request.wake()

    def send_now(self, data):
        # What one turn of the loop answers goes out in one write.
        if not self.out:
            self.loop.call_soon(self.flush)
        self.out.append(data)
        if len(self.out) >= GATHERED:
            self.flush()

    def flush(self):
        if not self.out:
            return
        data = b"".join(self.out)
        self.out = []
        if self.unsent:
            self.unsent += data
            return
        self.write(data)

    def write(self, data):
        try:
            sent = self.sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            os._exit(0)
        if sent == len(data):
            if self.unsent:
                self.unsent = b""
                self.loop.remove_writer(self.sock.fileno())
            return
        if not self.unsent:
            self.loop.add_writer(self.sock.fileno(), lambda: self.write(self.unsent))
        self.unsent = data[sent:]

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

    def server(self, authority, scheme):
        known = self.servers.get((authority, scheme))
        if known is None:
            name, port = name_and_port(authority.decode("latin-1"), scheme)
            known = (name, int(port))
            if len(self.servers) < NAMES:
                self.servers[(authority, scheme)] = known
        return known


ASGI_VERSION = {"version": "3.0", "spec_version": "2.3"}


class AsgiRequest:
    received = False
    status = None
    headers = ()
    head = b""
    # Whether its head went out; whether all of it did, in one frame; and whether the application said that it was all.
    sent = False
    whole = False
    done = False
    # Whether nobody waits for it any more.
    gone = False
    # Bytes on their way to the client.
    unacknowledged = 0
    # What is resolved when one of these changes, where somebody waits for that.
    changed = None

    def __init__(self, worker, number, payload):
        self.worker = worker
        self.number = number
        self.payload = payload

    def scope(self):
        worker, payload = self.worker, self.payload
        length = uint32.unpack_from(payload)[0]
        parts = payload[4 : 4 + length].split(b"\0")
        self.payload = payload[4 + length :]
        path, _, query = parts[5].partition(b"?")
        scheme = parts[1].decode()
        client = parts[4].decode()
        return {
            "type": "http",
            "asgi": ASGI_VERSION.copy(),
            "http_version": parts[2].decode(),
            "method": parts[0].decode(),
            "scheme": scheme,
            "path": (unquote_to_bytes(path) if b"%" in path else path).decode("utf-8", "replace"),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": list(zip(parts[6::2], parts[7::2])),
            "client": (client, 0) if client else None,
            "server": worker.server(parts[3], scheme),
            "state": worker.state.copy(),
        }

    async def run(self):
        worker, number = self.worker, self.number
        try:
            await worker.app(self.scope(), self.receive, self.send)
            if not self.done and not self.gone:
                raise AssertionError("the application ended without a whole answer")
        except BaseException:
            if self.whole or self.done:
                traceback.print_exc()
            elif not self.gone:
                self.done = True
                worker.send_now(frame(FAILED, number, traceback.format_exc().encode("utf-8", "replace")))
        finally:
            # The front counts it as ours until it hears of its end.
            if not self.done and not self.whole:
                worker.send_now(frame(END, number))
            worker.requests.pop(number, None)
            worker.tasks.discard(self.task)

    def wake(self):
        if self.changed is not None and not self.changed.done():
            self.changed.set_result(None)

    async def change(self):
        if self.changed is None or self.changed.done():
            self.changed = self.worker.loop.create_future()
        # More than one may wait: what ends one's wait by force must not end the other's.
        await asyncio.shield(self.changed)

    async def receive(self):
        if not self.received:
            self.received = True
            body, self.payload = self.payload, b""
            return {"type": "http.request", "body": body, "more_body": False}
        while not self.gone and not self.done:
            await self.change()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if self.gone:
            raise Gone()
        kind = message["type"]
        if kind == "http.response.body":
            if self.status is None or self.done:
                raise AssertionError(f"{kind} cannot be sent now")
            body = message.get("body", b"")
            more = message.get("more_body", False)
            if not self.sent and len(body) <= WINDOW and (not more or len(body) == declared_length(self.headers)):
                self.sent = self.whole = True
                self.worker.send_now(whole_answer(self.number, self.status, self.head, bytes(body)))
                self.finish(more)
            elif self.whole:
                if body:
                    raise AssertionError("more body than content-length says")
                self.finish(more)
            else:
                await self.send_piece(body, more)
        elif kind == "http.response.start":
            if self.status is not None:
                raise AssertionError(f"{kind} was sent before")
            headers = self.headers = list(message.get("headers", ()))
            head = self.head = b"\0".join(chain.from_iterable(headers))
            if headers and head.count(b"\0") != 2 * len(headers) - 1:
                raise ValueError("a header is no pair, or holds NUL")
            self.status = int(message["status"])
        else:
            raise AssertionError(f"{kind} cannot be sent now")

    async def send_piece(self, body, more):
        send_now = self.worker.send_now
        if not self.sent:
            self.sent = True
            send_now(begun_answer(self.number, self.status, self.head))
        for at in range(0, len(body), PIECE):
            piece = bytes(body[at : at + PIECE])
            while self.unacknowledged and self.unacknowledged + len(piece) > WINDOW:
                await self.change()
                if self.gone:
                    raise Gone()
            self.unacknowledged += len(piece)
            send_now(frame(BODY, self.number, piece))
        if not more:
            send_now(frame(END, self.number))
            self.finish(more)

    def finish(self, more):
        if not more:
            self.done = True
            if self.changed is not None:
                self.wake()


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
        Wsgi(app, sock, int(sys.argv[2])).run()


async def run_asgi(app, sock):
    sock.setblocking(False)
    await Asgi(app, sock).run()


if __name__ == "__main__":
    main()
