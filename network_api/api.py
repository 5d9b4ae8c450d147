"""Our Api and Blueprint: all subclassing of flask-smorest lives here.

A view is made of four decorators, in this order, the first being the outermost:

    @blp.access(rule, scope="events:write")   who may; hands the view the caller and the resource that the rule found
    @blp.if_match                             PATCH and DELETE of what people edit together; hands over the version
    @blp.arguments(Schema)                    the shape of query and body
    @blp.response(200, Schema)                the shape of the answer, its ETag and 304   (or `@blp.page(...)` for a list)

so that 401, 403 and 404 come before 428, and that before 422. What a view returns is a row, a document, or a `Page`.
"""

from collections.abc import Callable
from functools import cache, wraps
from http import HTTPStatus
from threading import RLock
from typing import Any
from urllib.parse import urlencode

import flask_smorest
import marshmallow as ma
import orjson
from flask import Flask, Response, current_app, g, request
from flask.json.provider import JSONProvider
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from network_api import cursors, idempotency
from network_api.auth.caller import identify
from network_api.documents import BaseDocument
from network_api.errors import Forbidden, Invalid, PreconditionRequired, StaleVersion
from network_api.operations import as_json_schema, document_errors
from network_api.problems import PROBLEM_TYPE, ProblemSchema, http_problem
from network_api.schemas import PageQuery, Schema

View = Callable[..., Any]
Decorator = Callable[[View], View]
_VERSION_DIGITS = 15
_JSON_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_NON_STR_KEYS


class OrjsonProvider(JSONProvider):
    """JSON by orjson: instants as RFC 3339 in UTC with a Z, ObjectIds as their hexadecimal text."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """JSON as text."""
        return orjson.dumps(obj, default=str, option=_JSON_OPTIONS).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """The value that a JSON text holds. Raises ValueError."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """An answer whose body is the JSON of the one argument."""
        return current_app.response_class(orjson.dumps(args[0], default=str, option=_JSON_OPTIONS), mimetype="application/json")


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest has no types
    """The OpenAPI document, written when somebody first asks for it, and one answer for every error.

    Most processes are never asked, and writing it would be two thirds of what making an application takes.
    """

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask, **kwargs: Any) -> None:
        self._writing = RLock()
        self._unwritten: list[flask_smorest.Blueprint] = []
        super().__init__(app, **kwargs)

    @property
    def spec(self) -> Any:
        """The document, whole."""
        with self._writing:
            unwritten, self._unwritten = self._unwritten, []
            for blueprint in unwritten:
                blueprint.register_views_in_doc(self, self._app, self._spec, name=blueprint.name, parameters=None)
                self._spec.tag({"name": blueprint.name, "description": blueprint.description})
            return self._spec

    @spec.setter
    def spec(self, begun: Any) -> None:
        self._spec = begun

    def register_blueprint(self, blp: flask_smorest.Blueprint) -> None:
        """Register the routes of a blueprint; its part of the document is written later."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp)
        self._unwritten.append(blp)

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Every HTTP error as problem+json."""
        return http_problem(error)

    def _register_error_handlers(self) -> None:
        """Registered by `network_api/pages/frame.py`, which knows pages too."""

    def _register_responses(self) -> None:
        self.ma_plugin.converter.add_attribute_function(as_json_schema)
        for status in HTTPStatus:
            schema = {"description": status.phrase}
            if status >= HTTPStatus.BAD_REQUEST:
                example = {"type": "about:blank", "title": status.phrase, "status": int(status), "code": status.name.lower()}
                schema["content"] = {PROBLEM_TYPE: {"schema": ProblemSchema, "example": example}}  # type: ignore[assignment]
            self.spec.components.response(status.name, schema, lazy=True)
        self.spec.components.response(
            "DEFAULT_ERROR",
            {
                "description": "Any other error",
                "content": {PROBLEM_TYPE: {"schema": ProblemSchema}},
            },
            lazy=True,
        )


class StrictParser(FlaskParser):
    """Reads requests strictly: unknown names are errors in the query as well, and a body that is not JSON is a 415."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": ma.RAISE, "json": ma.RAISE}

    def _raw_load_json(self, req: Any) -> Any:
        """By the application's own JSON: no NaN, no lone surrogates, no nesting deep enough to exhaust the stack."""
        try:
            return current_app.json.loads(req.get_data(cache=True))
        except ValueError as error:
            raise BadRequest("The body is not valid JSON.") from error

    def load_json(self, req: Any, schema: Any) -> Any:
        """The JSON body; an empty one counts as `{}`."""
        if not req.get_data(cache=True):
            return {}
        if not req.is_json:
            raise UnsupportedMediaType("Send the body as application/json.")
        return super().load_json(req, schema)


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A feature's routes: access first, then shape, then the view, then ETag and problem+json."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(document_errors)

    def access(self, rule: Callable[..., Any], *, scope: str | None = None) -> Decorator:
        """The outermost decorator of every view: who may.

        `rule(caller, **url_arguments)` raises a DomainError, or returns the resource (None for none) that is handed to
        the view after the caller. `scope` is what an API token needs; None where only a signed-in session or anybody
        may. On a POST it also keeps the promise of the Idempotency-Key.
        """

        def decorator(view: View) -> View:
            parameters = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
            takes_query = any(entry["in"] == "query" for entry in parameters)
            largest = getattr(view, "_apidoc", {}).get("file")

            @wraps(view)
            def wrapper(self: Any, **url: Any) -> Any:
                if largest:
                    request.max_content_length = largest
                caller = g.caller = identify(request.headers.get("Authorization"))
                if caller.token_scopes is not None and (scope is None or scope not in caller.token_scopes):
                    raise Forbidden(f"This token lacks the scope {scope}." if scope else "An API token cannot do this; sign in.")
                resource = rule(caller, **url)
                if request.args and not takes_query:
                    raise Invalid(errors={name: ["Unknown field."] for name in request.args})
                if request.method == "POST" and (replayed := idempotency.begin(caller)):
                    return replayed
                return view(self, caller, *(() if resource is None else (resource,)))

            wrapper._apidoc = {**getattr(view, "_apidoc", {}), "access": {"rule": rule, "view": view.__qualname__}}  # type: ignore[attr-defined]
            return wrapper

        return decorator

    def if_match(self, view: View) -> View:
        """Require `If-Match`, and hand the view the version that it names as `version` (None for `*`)."""

        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return view(*args, version=_expected_version(getattr(args[-1], "version", None)), **kwargs)

        wrapper._apidoc = {**getattr(view, "_apidoc", {}), "if_match": True}  # type: ignore[attr-defined]
        return wrapper

    def arguments(self, schema: type[Schema], *, location: str = "json", **kwargs: Any) -> Decorator:
        """As flask-smorest's, with an example made from the schema."""
        if location == "json":
            kwargs.setdefault("example", schema.example(load=True))
            kwargs.setdefault("required", any(field.required for field in schema().load_fields.values()))
        made: Decorator = super().arguments(schema(), location=location, **kwargs)  # a class would be made again for each request
        return made

    def file(self, *content_types: str, most: int, example: str) -> Decorator:
        """A body that is a file of one of these types, of at most so many bytes; hands the view its `content`."""

        def decorator(view: View) -> View:
            @wraps(view)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                if request.mimetype not in content_types:
                    raise UnsupportedMediaType(f"Send the file as {content_types[0]}.")
                return view(*args, content=request.get_data(), **kwargs)

            said = {"schema": {"type": "string", "format": "binary"}, "example": example}
            body = {"required": True, "content": dict.fromkeys(content_types, said)}
            wrapper._apidoc = {**getattr(view, "_apidoc", {}), "file": most}  # type: ignore[attr-defined]
            documented: View = self.doc(requestBody=body)(wrapper)
            return documented

        return decorator

    def response(self, status_code: int, schema: type[Schema] | None = None, *, etag: bool = False, **kwargs: Any) -> Decorator:
        """As flask-smorest's, with an example; with `etag` a single resource gets its ETag, and a fresh copy a 304."""
        if schema is not None:
            kwargs.setdefault("example", schema.example())
        document: Decorator = super().response(status_code, schema, **kwargs)
        if schema is None:
            return lambda view: document(_without_body(view, status_code))
        if not etag:
            return document

        def decorator(view: View) -> View:
            @wraps(view)
            def tagged(*args: Any, **kw: Any) -> Any:
                result = view(*args, **kw)
                resource, rest = (result[0], result[1:]) if isinstance(result, tuple) else (result, ())
                row = resource.to_mongo() if isinstance(resource, BaseDocument) else resource
                tag = schema.etag(row)
                if request.method == "GET" and request.if_none_match.contains_weak(tag):
                    answer = Response(status=HTTPStatus.NOT_MODIFIED)
                    answer.set_etag(tag)
                    return answer
                headers = rest[-1] if rest and isinstance(rest[-1], dict) else {}
                status = rest[0] if rest and isinstance(rest[0], int) else status_code
                return row, status, {"ETag": f'"{tag}"', "Vary": "Authorization", **headers}

            tagged._apidoc = {**getattr(view, "_apidoc", {}), "tagged": True}  # type: ignore[attr-defined]
            return document(tagged)

        return decorator

    def alt_response(
        self, status_code: int, response: str | None = None, *, schema: type[Schema] | None = None, **kwargs: Any
    ) -> Decorator:
        """As flask-smorest's, with an example."""
        if schema is not None:
            kwargs.setdefault("example", schema.example())
        made: Decorator = super().alt_response(status_code, response, schema=schema, **kwargs)
        return made

    def page(self, schema: type[Schema], query: type[PageQuery] = PageQuery, **more: ma.fields.Field[Any]) -> Decorator:
        """A list: reads the query (with `paging` for `BaseDocument.page`), answers `{"items", "next"}` and a Link.

        `more` are the fields that stand beside them, from `Page.more`.
        """
        plain = _page_of(schema)
        body = type(plain.__name__, (plain,), more) if more else plain
        read, write = self.arguments(query, location="query"), self.response(200, body)

        def decorator(view: View) -> View:
            @wraps(view)
            def paged(*args: Any, **kwargs: Any) -> Any:
                *others, wanted = args
                mark = cursors.fingerprint(request.path, request.args.to_dict(flat=False))
                cursors.begin(wanted, mark)
                found = view(*others, wanted, **kwargs)
                onward = None if found.next is None else cursors.encode(found.next, mark)
                answer = {**found.more, "items": found.items, "next": onward} | (
                    {} if found.total is None else {"total": found.total}
                )
                return answer, 200, {"Vary": "Authorization"} | ({"Link": _next_link(onward)} if onward else {})

            return read(write(paged))

        return decorator


@cache
def _page_of(schema: type[Schema]) -> type[Schema]:
    """The shape of a page of these, one for all lists of them."""
    return type(
        f"{schema.__name__.removesuffix('Schema')}PageSchema",
        (Schema,),
        {
            "items": ma.fields.List(ma.fields.Nested(schema), required=True),
            "next": ma.fields.String(
                allow_none=True,
                metadata={"description": "The cursor of the next page, null at the end.", "example": "JAAAAARwABwA"},
            ),
            "total": ma.fields.Integer(metadata={"omitted": "unless total=true was asked", "example": 1}),
        },
    )


def _without_body(view: View, status_code: int) -> View:
    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        result = view(*args, **kwargs)
        return result if isinstance(result, Response) else Response(status=status_code)

    return wrapper


def _next_link(cursor: str) -> str:
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    url = current_app.config["PUBLIC_URL"] + request.path
    return f'<{url}?{urlencode([*arguments, ("cursor", cursor)])}>; rel="next"'


def _expected_version(current: int | None) -> int | None:
    """The version that If-Match names, before the full stop; None for `*`. Raises PreconditionRequired, StaleVersion.

    Strong comparison, so a weak tag matches nothing; of several tags the `current` version is enough (RFC 9110, 13.1.1).
    The write is conditional on what this returns, so nothing can come in between.
    """
    if "If-Match" not in request.headers:
        raise PreconditionRequired
    if request.if_match.star_tag:
        return None
    named = [tag.split(".")[0] for tag in request.if_match.as_set() if tag]
    versions = {int(version) for version in named if version.isdecimal() and len(version) <= _VERSION_DIGITS}
    if not versions:
        raise StaleVersion
    return current if current in versions else versions.pop()
