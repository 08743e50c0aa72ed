"""Two hundred browsers that follow a live page: reads their events, and throws them away.

    python -m tests.bench.fleet_pages HOST PORT COOKIE

Reads the paths as a JSON list from standard input. Prints a line once every page has had an event, and
another one with how many pages there are, and how many were closed, when standard input is closed.
"""

import asyncio
import json
import sys


async def follow(host: str, port: int, cookie: str, path: str, begun: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n\r\n".encode())
    while line := await reader.readline():
        if line.startswith(b"data:"):
            begun.set()


async def main(host: str, port: int, cookie: str) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    paths = json.loads(await reader.readline())
    begun = [asyncio.Event() for _ in paths]
    pages = [
        asyncio.ensure_future(follow(host, port, cookie, *each)) for each in zip(paths, begun, strict=True)
    ]
    for event in begun:
        await event.wait()
    print(json.dumps({"live": len(pages)}), flush=True)
    await reader.read()
    closed = sum(page.done() for page in pages)
    for page in pages:
        page.cancel()
    print(json.dumps({"pages": len(pages), "closed": closed}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
