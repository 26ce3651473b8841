"""Applications on free ports of 127.0.0.1: how every HTTP server of the local cloud is opened and closed."""

from __future__ import annotations

import ssl

from aiohttp import web


class Loopback:
    """What it serves lives until `stop`."""

    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []

    async def serve(self, app: web.Application, context: ssl.SSLContext | None) -> int:
        """Listen on a free port of 127.0.0.1, with TLS where there is a context; returns the port."""
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        port: int = runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Finish what is being answered, and close."""
        for runner in self._runners:
            await runner.cleanup()
