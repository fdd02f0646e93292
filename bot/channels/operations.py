"""For whoever runs the program: /healthz, /readyz, /metrics. No personal data."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.engine.librarian import Librarian
from bot.engine.metrics import Metrics
from storage.database import Database


class Operations:
    """healthz: the process runs. readyz: it can take messages in and answer them."""

    def __init__(self, database: Database, librarian: Librarian, metrics: Metrics) -> None:
        self._database, self._librarian, self._metrics = database, librarian, metrics
        self.routes: list[BaseRoute] = [
            Route("/healthz", self._health),
            Route("/readyz", self._ready),
            Route("/metrics", self._show_metrics),
        ]

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _ready(self, _request: Request) -> Response:
        waits = []
        if not await self._database.answers():
            waits.append("database")
        if not self._librarian.ready:
            waits.append("knowledge")
        return JSONResponse({"status": "waiting" if waits else "ok", "waits_for": waits}, 503 if waits else 200)

    async def _show_metrics(self, _request: Request) -> Response:
        return Response(generate_latest(self._metrics.registry), media_type=CONTENT_TYPE_LATEST)
