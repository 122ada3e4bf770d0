"""A service that takes its time: `/weather?zone=…` answers after 12 ms.

It prints its port, and ends when its standard input does, which its parent holds.
"""

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

answer_after = 0.012


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = await reader.readuntil(b"\r\n\r\n")
    path = request.split(b" ", 2)[1].decode()
    zone = parse_qs(urlsplit(path).query).get("zone", [""])[0]
    await asyncio.sleep(answer_after)
    body = json.dumps({"zone": zone, "wind": len(zone) * 7 % 30}).encode()
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n")
    writer.write(b"content-length: %d\r\n\r\n%s" % (len(body), body))
    await writer.drain()
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
    await ended.wait()


asyncio.run(main())
