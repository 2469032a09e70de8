"""A database server that is far away: passes on what it gets, so many milliseconds later.

python -m scripts.pool_load.relay SOCKET SOCKET-OF-THE-SERVER MILLISECONDS
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress


async def main(ours: str, theirs: str, seconds: float) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_unix_connection(theirs)
        except OSError:  # the server is down
            writer.close()
            return
        await asyncio.gather(_later(reader, to_server), _later(from_server, writer))

    async def _later(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            while data := await source.read(65536):
                loop.call_later(seconds, target.write, data)
        loop.call_later(seconds, target.close)

    async with await asyncio.start_unix_server(accept, ours) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]) / 1000))
