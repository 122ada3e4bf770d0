"""Applications for the tests: `wsgi`, `asgi`."""

import asyncio
import hashlib
import json
import os
import sys
import threading
import time
from wsgiref.validate import validator

started = []
together = []
closed = []
barrier = threading.Barrier(3)


class Closing:
    """An answer in pieces that notes when it is closed."""

    def __init__(self, pieces):
        self.pieces = iter(pieces)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.pieces)

    def close(self):
        closed.append(True)


def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/environ":
        shown = {key: value for key, value in environ.items() if isinstance(value, (str, int, bool))}
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(shown).encode()]
    if path == "/echo":
        body = environ["wsgi.input"].read()
        start_response("201 Created", [("X-Length", str(len(body))), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        return [hashlib.sha256(body).hexdigest().encode()]
    if path == "/pieces":
        start_response("200 OK", [])
        return (b"x" * 100_000 for _ in range(50))
    if path == "/written":
        write = start_response("200 OK", [])
        write(b"one ")
        return [b"two"]
    if path == "/fails":
        raise ValueError("secret")
    if path == "/fails-late":
        start_response("200 OK", [])

        def pieces():
            yield b"half"
            raise ValueError("late")

        return pieces()
    if path == "/silent":
        return []
    if path == "/exits":
        sys.exit(4)
    if path == "/late-error-page":
        try:
            start_response("200 OK", [("X-First", "1")])
            raise ValueError("late")
        except ValueError:
            start_response("500 Oh", [("X-Second", "2")], sys.exc_info())
            return [b"error page"]
    if path == "/later-error-page":
        write = start_response("200 OK", [])
        write(b"half")
        try:
            raise ValueError("later")
        except ValueError:
            start_response("500 Oh", [], sys.exc_info())
            return [b"error page"]
    if path == "/file":
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](open(__file__, "rb"), 100)
    if path == "/closing":
        start_response("200 OK", [("Content-Length", "7")])
        return Closing([b"pie", b"ces", b"."])
    if path == "/closing-whole":
        start_response("200 OK", [("Content-Length", "3")])
        return Closing([b"one", b""])
    if path == "/closing-endless":
        start_response("200 OK", [])
        return Closing(iter(lambda: b"x" * 10000, None))
    if path == "/closed":
        start_response("200 OK", [])
        return [str(len(closed)).encode()]
    if path == "/half":
        start_response("200 OK", [])

        def halves():
            yield b"half"
            while not started:
                time.sleep(0.01)
            yield b" whole"

        return halves()
    if path == "/other-half":
        started.append(True)
    if path == "/forks":
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        start_response("200 OK", [])
        return [b"parent" if child else b"child"]
    if path == "/prints":
        print("from the application's stdout", flush=True)
        os.write(1, b"straight to descriptor 1\n")
        print("from the application's stderr", file=environ["wsgi.errors"], flush=True)
    if path == "/barrier":
        barrier.wait()
    if path == "/injected":
        start_response("200 OK", [("X", "a\r\nSet-Cookie: b")])
        return [b""]
    if path == "/crash":
        os._exit(3)
    if path == "/hang":
        time.sleep(60)
    if path == "/slow":
        time.sleep(0.2)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]


@validator
def validated(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Length", str(len(body)))])
    return [environ["PATH_INFO"].encode("latin-1"), b" ", environ["QUERY_STRING"].encode()]


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                started.append(True)
                await send({"type": "lifespan.startup.complete"})
            else:
                await send({"type": "lifespan.shutdown.complete"})
                return
    path = scope["path"]

    async def answer(status, body, headers=()):
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    if path == "/scope":
        shown = {key: value for key, value in scope.items() if isinstance(value, (str, bytes, int, list, tuple))}
        await answer(200, json.dumps(shown, default=lambda value: value.decode("latin-1")).encode())
    elif path == "/echo":
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                break
        await answer(201, hashlib.sha256(body).hexdigest().encode(), [(b"X-Length", str(len(body)).encode())])
    elif path == "/pieces":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(50):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    elif path == "/fails":
        raise ValueError("secret")
    elif path == "/silent":
        return
    elif path == "/exits":
        sys.exit(4)
    elif path == "/forks":
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        await answer(200, b"parent" if child else b"child")
    elif path == "/prints":
        print("from the application's stdout", flush=True)
        os.write(1, b"straight to descriptor 1\n")
        await answer(200, b"printed")
    elif path == "/half":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        while not started.count("other half"):
            await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": b" whole"})
    elif path == "/other-half":
        started.append("other half")
        await answer(200, b"")
    elif path == "/announced":
        headers = [(b"Content-Length", b"3")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"all", "more_body": True})
        await send({"type": "http.response.body"})
        closed.append(True)
    elif path == "/closed":
        await answer(200, str(len(closed)).encode())
    elif path == "/hang":
        try:
            await asyncio.sleep(60)
        finally:
            closed.append(True)
    elif path == "/blocks":
        time.sleep(60)
    elif path == "/wait":
        while (await receive())["type"] != "http.disconnect":
            pass
        started.append("left")
    elif path == "/left":
        await answer(200, str(started.count("left")).encode())
    elif path == "/started":
        await answer(200, str(started.count(True)).encode())
    elif path == "/together":
        # Nobody goes on before twenty are there.
        together.append(True)
        while len(together) < 20:
            await asyncio.sleep(0.01)
        await answer(200, b"all here")
    elif path == "/crash":
        os._exit(3)
    else:
        if path == "/slow":
            await asyncio.sleep(0.2)
        await answer(200, str(os.getpid()).encode(), [(b"content-type", b"text/plain")])


text = "no application"


class Object:
    async def __call__(self, scope, receive, send):
        await asgi(scope, receive, send)


application = Object()
