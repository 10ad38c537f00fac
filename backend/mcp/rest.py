"""Calls of the REST API for tools: problems become errors that a model can act on, writes are finished."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from difflib import get_close_matches
from typing import Any, Protocol
from urllib.parse import quote

import anyio
import httpx2

READ_WITHIN = 30.0
WRITE_WITHIN = 90.0
"""Seconds a write may take; a caller that gives up earlier does not end it half-way."""
CLIENT_HEADER = "X-Orchestrator-Client"
ASK_HEADER = "X-Orchestrator-Ask"
MOST_NAMES = 5_000


class Refused(Exception):
    """The API said no, or did not answer; the text is for the model."""

    def __init__(self, text: str, *, code: str = "", status: int = 0, approval: str | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.status = status
        self.approval = approval


class Rest:
    """The API as one caller, for the time of one tool call.

    `local` says that this is a process of the caller's own with rights of its own, which may ask a person
    through the client (docs/decisions/0007).
    """

    def __init__(self, http: httpx2.AsyncClient, *, where: str, local: bool) -> None:
        self._http = http
        self._where = where
        self.local = local
        self.client_name = ""
        self._session: dict[str, Any] | None = None

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET. Raises Refused."""
        wanted = {key: value for key, value in params.items() if value is not None}
        within = READ_WITHIN + float(wanted.get("wait", 0))
        return await self._send("GET", path, within=within, params=wanted)

    async def send(
        self, method: str, path: str, json: Any = None, *, ask: bool = False, if_match: int | None = None
    ) -> Any:
        """Change something. It is carried through even when the caller goes away meanwhile.

        With `ask` the server has a person agree first, as it does for tokens that always have to ask;
        `if_match` is the revision that has to be the present one.
        """
        headers = {ASK_HEADER: "1"} if ask else {}
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        with anyio.CancelScope(shield=True):
            return await self._send(method, path, within=WRITE_WITHIN, json=json, headers=headers)

    async def must_ask(self) -> bool:
        """Whether the server itself has people agree to what this caller does."""
        return bool((await self._who()).get("confirm"))

    async def caller(self) -> str:
        """The name of who calls: the token's."""
        return str((await self._who()).get("username") or "")

    async def named(self, what: str, name: str, names: list[str], use: str) -> Refused:
        """The error for a name that is not there, with the nearest one that is."""
        near = get_close_matches(name, names, 1, 0.5)
        hint = f"Did you mean '{near[0]}'?" if near else f"{use} shows what there is."
        return Refused(f"There is no {what} '{name[:80]}'. {hint}", code="not_found", status=404)

    async def _who(self) -> dict[str, Any]:
        if self._session is None:
            found: dict[str, Any] = await self.get("/api/session")
            self._session = found
        return self._session

    async def _send(
        self, method: str, path: str, *, within: float, headers: dict[str, str] | None = None, **options: Any
    ) -> Any:
        sent = {CLIENT_HEADER: self.client_name, **(headers or {})}
        try:
            with anyio.fail_after(within):
                answer = await self._http.request(method, path, headers=sent, timeout=within, **options)
        except (TimeoutError, httpx2.TimeoutException):
            if method == "GET":
                raise Refused(
                    f"{self._where} did not answer within {within:.0f} s.", code="timeout"
                ) from None
            raise Refused(
                f"{self._where} did not answer within {within:.0f} s: it may or may not have been done. "
                "Look before you try again.",
                code="outcome_unknown",
            ) from None
        except httpx2.HTTPError as error:
            raise Refused(
                f"{self._where} cannot be reached ({type(error).__name__}). Is it running?",
                code="unreachable",
            ) from None
        if answer.is_success:
            return answer.json() if answer.content else None
        raise _refused(answer, self._where)


class Backend(Protocol):
    """Where the API is, for whoever calls."""

    def call(self, headers: dict[str, str], *, waits: bool) -> AbstractAsyncContextManager[Rest]:
        """The API for one tool call. `headers` are those the call came with, if it came by HTTP.

        `waits` says that the tool is going to wait for something to happen.
        """
        ...


class Remote:
    """An orchestrator at a URL, with a token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    @asynccontextmanager
    async def call(self, headers: dict[str, str], *, waits: bool) -> AsyncIterator[Rest]:
        sent = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with httpx2.AsyncClient(base_url=self._url, headers=sent) as http:
            yield Rest(http, where=f"The orchestrator at {self._url}", local=True)


def segment(name: str) -> str:
    """A name as one part of a path. Raises Refused for what no name can be."""
    if not name.strip() or name in {".", ".."} or "/" in name or not name.isprintable() or len(name) > 255:
        said = "".join(char for char in name if char.isprintable())[:60]
        raise Refused(
            f"There is nothing named '{said}'. A name has 1 to 63 of a-z, 0-9, '-' and '_'.",
            code="not_found",
            status=404,
        )
    return quote(name, safe="")


def _refused(answer: httpx2.Response, where: str) -> Refused:
    try:
        problem = answer.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return Refused(
            f"{where} answered HTTP {answer.status_code}, not as the API would.", status=answer.status_code
        )
    fields = [f"{item['field']}: {item['reason']}" for item in problem.get("errors", ())]
    if len(fields) > 1:
        detail = "; ".join(fields[:5])
    if answer.status_code == 401:
        detail = "The token is wrong, expired or revoked. A person sets ORCHESTRATOR_TOKEN or its _FILE."
    elif code == "denied":
        detail = f"{detail}. This token's scope does not allow it; a person can make another on the page."
    return Refused(detail, code=code, status=answer.status_code, approval=problem.get("approval"))
