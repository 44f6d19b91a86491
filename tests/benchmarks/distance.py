"""A TCP forwarder that delivers every byte a while later, as a long line does; the line is as wide as the loopback."""

from __future__ import annotations

import asyncio
import threading


class Distance:
    """Forwards a loopback port to another; each direction takes half of *seconds*, the round trip."""

    def __init__(self, target_port: int, seconds: float) -> None:
        self.port = 0
        self._target = target_port
        self._way = seconds / 2
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="distance", daemon=True)

    def __enter__(self) -> Distance:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(server.sockets[0].getsockname()[1])
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(self._forward(reader, there_writer), self._forward(there_reader, writer))

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                self._loop.call_later(self._way, writer.write, data)
        except OSError:
            pass  # one end is gone: so is the line
        self._loop.call_later(self._way, writer.close)
