"""The description of the endpoints for programs (OpenAPI 3.1), made of the types that check them.

Knows no connection and no framework.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tmuxclaude import __version__
from tmuxclaude.web.endpoints import ENDPOINTS, HIDDEN, UNTOLD, Endpoint

REFUSALS = {
    "400": "It cannot be understood.",
    "401": "The token is missing or wrong.",
    "403": "A rule refuses it, or a browser asks.",
    "404": "There is no such session.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "421": "Another host was asked for.",
    "503": "The supervisor does not answer, or too many ask.",
}

PLACE = "#/components/schemas/{name}"

ERROR = {
    "type": "object",
    "description": "What happened, what was left alone and what to do next.",
    "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
    "required": ["error", "message"],
}


def description() -> dict[str, Any]:
    """The whole description, as plain data."""
    paths: dict[str, dict[str, Any]] = {}
    schemas = {"Error": ERROR} | _schemas()
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    asked = {endpoint.request.__name__ for endpoint in ENDPOINTS if endpoint.method == "GET"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "tmuxclaude", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in asked},
            "responses": {
                status: {"description": words, "content": _json("Error")}
                for status, words in REFUSALS.items()
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.request.__struct_config__.tag,
        "summary": endpoint.summary,
    }
    if endpoint.method == "GET":
        schema = schemas[endpoint.request.__name__]
        operation["parameters"] = [
            {"name": name, "in": "query", "required": False, "schema": kind}
            for name, kind in schema["properties"].items()
        ]
    else:
        operation["requestBody"] = {"required": True, "content": _json(endpoint.request.__name__)}
    done = {"description": "It is done.", "content": _json(endpoint.answer.__name__)}
    refusals = {status: {"$ref": f"#/components/responses/{status}"} for status in REFUSALS}
    return operation | {"responses": {"200": done} | refusals}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": PLACE.format(name=name)}}}


def _schemas() -> dict[str, Any]:
    """Each type's schema by its name, without the fields that are not said over HTTP."""
    requests = {endpoint.request for endpoint in ENDPOINTS}
    answers = {endpoint.answer for endpoint in ENDPOINTS}
    _, schemas = msgspec.json.schema_components(
        sorted(requests | answers, key=lambda kind: kind.__name__), ref_template=PLACE
    )
    hidden = dict.fromkeys(requests, HIDDEN) | dict.fromkeys(answers, UNTOLD)
    for kind, names in hidden.items():
        schema = schemas[kind.__name__]
        del schema["description"]  # it tells of the socket
        fields = schema["properties"]
        for name in names & fields.keys():
            del fields[name]
        said = fields if kind in answers else schema["required"]  # an answer has every field
        schema["required"] = [name for name in said if name in fields]
    return schemas
