"""An exchange that sends trades as fast as they are taken: `python -m tests.bench.flood MESSAGES`.

Prints its port; whoever connects is sent so many frames of Binance's combined streams, and then nothing.
"""

import asyncio
import struct
import sys

from websockets.asyncio.server import ServerConnection, serve

AT_ONCE = 500
MOST_BUFFERED_BYTES = 4_000_000


def frame(number: int) -> bytes:
    """An aggregated trade as it goes over the wire: unmasked text, in one piece."""
    payload = (
        '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1767268800123,"s":"BTCUSDT",'
        f'"a":{number},"p":"93000.10000000","q":"0.00120000","f":{number},"l":{number},"T":1767268800122,'
        '"m":true,"M":true}}'
    ).encode()
    return struct.pack("!BBH", 0x81, 126, len(payload)) + payload


async def main(count: int) -> None:
    async def flood(connection: ServerConnection) -> None:
        for first in range(0, count, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, count))
            connection.transport.write(b"".join(map(frame, numbers)))
            while connection.transport.get_write_buffer_size() > MOST_BUFFERED_BYTES:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0)
        await connection.wait_closed()

    server = await serve(flood, "127.0.0.1", 0, ping_interval=None, compression=None)
    sys.stdout.write(f"{next(iter(server.sockets)).getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
