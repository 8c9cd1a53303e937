"""The application: the rooms under one roof, refusals as HTTP answers, the OpenAPI document."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi

import nightrun
from nightrun.flows import api_answers as answers
from nightrun.flows import api_claims, api_monitor, api_status, api_tasks
from nightrun.flows.api_desk import Answer, Desk
from nightrun.hands import ballast
from nightrun.hands.store.refusals import Invalid, NotAllowed, NotFound, StoreAway

log = logging.getLogger("nightrun.api")

_GUARD_ANSWERS = {
    "400": "The body is not UTF-8 text",
    "401": "No or a wrong token",
    "403": "A request of another web page",
    "408": "The request took too long to arrive",
    "413": "The body is larger than 1 MiB",
    "415": "Not application/json",
    "421": "A host name that is not this API's",
    "422": "A query parameter that is not known here",
    "503": "The database cannot be used now; try again",
}


def create(desk: Desk) -> FastAPI:
    strict = [Depends(_only_known_parameters)]
    app = FastAPI(title="nightrun", version=nightrun.__version__, docs_url=None, redoc_url=None, dependencies=strict)
    app.state.desk = desk
    # The routes with a fixed second part come before the one that takes any task id.
    for room in (api_claims, api_tasks, api_monitor, api_status):
        app.include_router(room.router)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(NotAllowed, _not_allowed)
    app.add_exception_handler(Invalid, _invalid)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(StoreAway, _away)
    app.add_exception_handler(Exception, _unexpected)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


async def _only_known_parameters(request: Request) -> None:
    """`?stauts=failed` would otherwise list all tasks."""
    known = [one.alias for one in request.scope["route"].dependant.query_params]
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        words = f"Unknown query parameter; known here: {', '.join(known) or 'none'}"
        raise RequestValidationError([{"loc": ("query", one), "msg": words, "type": "unknown"} for one in unknown])


async def _not_found(request: Request, error: Exception) -> Answer:
    return Answer({"detail": str(error)}, 404)


async def _not_allowed(request: Request, error: Exception) -> Answer:
    assert isinstance(error, NotAllowed)
    return Answer({"detail": {"message": error.message, "status": error.status, "allowed": list(error.allowed)}}, 409)


async def _invalid(request: Request, error: Exception) -> Answer:
    assert isinstance(error, Invalid)
    return Answer({"detail": [{"loc": ["body", error.field], "msg": error.message, "type": "value_error"}]}, 422)


async def _not_valid(request: Request, error: Exception) -> Answer:
    """All problems at once; without the text that was sent, which may be long or secret."""
    assert isinstance(error, RequestValidationError)
    problems = [{name: one[name] for name in ("loc", "msg", "type")} for one in error.errors()]
    return Answer({"detail": problems}, 422)


async def _away(request: Request, error: Exception) -> Answer:
    log.error("%s", error)
    desk: Desk = request.app.state.desk
    if "full" in str(error) and ballast.drop(desk.state.path):
        log.warning("the disk is full: the room of %s is given back, so that what happened can be kept", ballast.NAME)
    return Answer({"detail": str(error)}, 503, {"Retry-After": "1"})


async def _unexpected(request: Request, error: Exception) -> Answer:
    """The traceback goes to the log (the server writes it), not to the caller."""
    return Answer({"detail": f"Unexpected: {type(error).__name__}; see .pipeline/logs/api.log."}, 500)


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, routes=app.routes)
        made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        made["security"] = [{"token": []}]
        refusal = answers.Refusal.model_json_schema()
        for path, methods in made["paths"].items():
            for operation in methods.values():
                _describe(operation, open_to_all=path == "/api/health", refusal=refusal)
        app.openapi_schema = made
    return app.openapi_schema


def _describe(operation: dict[str, Any], *, open_to_all: bool, refusal: dict[str, Any]) -> None:
    if open_to_all:
        operation["security"] = []
    for status, words in _GUARD_ANSWERS.items():
        content = {"application/json": {"schema": refusal}}
        operation["responses"].setdefault(status, {"description": words, "content": content})
