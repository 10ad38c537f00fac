"""Signing in and out, the first admin, and API tokens."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from backend import __version__
from backend.models.actor import Actor
from backend.models.schemas.access import (
    SessionOut,
    SetupRequest,
    SignInRequest,
    TokenCreate,
    TokenCreated,
    TokenOut,
)
from backend.models.schemas.common import Listing
from backend.routers import session_cookie
from backend.routers.dependencies import ActorDep, ContextDep, optional_actor

router = APIRouter(prefix="/api", tags=["access"])


@router.get("/session")
async def get_session(request: Request, context: ContextDep) -> SessionOut:
    """Who is signed in. Needs no credentials."""
    return _session(request, optional_actor(request), setup_needed=context.access.setup_needed)


@router.post("/setup", status_code=201)
async def set_up(body: SetupRequest, request: Request, response: Response, context: ContextDep) -> SessionOut:
    """Create the admin with the one-time code that the server printed at its first start, and sign in."""
    secret = await context.access.set_up(
        body.code.get_secret_value(), body.username, body.password.get_secret_value(), _address(request)
    )
    return await _signed_in(request, response, context, secret)


@router.post("/session")
async def sign_in(
    body: SignInRequest, request: Request, response: Response, context: ContextDep
) -> SessionOut:
    """Sign in with name and password; the answer sets the session cookie."""
    secret = await context.access.sign_in(
        body.username,
        body.password.get_secret_value(),
        _address(request),
        former=session_cookie.read(request),
    )
    return await _signed_in(request, response, context, secret)


@router.delete("/session", status_code=204)
async def sign_out(actor: ActorDep, request: Request, response: Response, context: ContextDep) -> None:
    """End this browser's session."""
    secret = session_cookie.read(request)
    if secret is not None:
        await context.access.sign_out(actor, secret)
    session_cookie.clear(response, request)


@router.get("/tokens")
async def list_tokens(actor: ActorDep, context: ContextDep) -> Listing[TokenOut]:
    """Tokens that were not revoked, newest first."""
    rows = await context.access.tokens.list_all(actor)
    return Listing(items=[TokenOut.model_validate(row) for row in rows], total=len(rows))


@router.post("/tokens", status_code=201)
async def create_token(body: TokenCreate, actor: ActorDep, context: ContextDep) -> TokenCreated:
    """Create an API token. The answer is the only place that ever shows it."""
    days = body.expires_in_days
    row, token = await context.access.tokens.create(
        actor,
        body.name,
        expires_in=timedelta(days=days) if days is not None else None,
        scope=body.scope,
        confirm=body.confirm,
    )
    return TokenCreated(**TokenOut.model_validate(row).model_dump(), token=token)


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_token(token_id: str, actor: ActorDep, context: ContextDep) -> None:
    """Revoke a token; it stops working at once."""
    await context.access.tokens.revoke(actor, token_id)


async def _signed_in(request: Request, response: Response, context: ContextDep, secret: str) -> SessionOut:
    session_cookie.put(response, request, secret)
    actor = await context.access.actor_of_session(secret, _address(request))
    return _session(request, actor, setup_needed=False)


def _session(request: Request, actor: Actor | None, *, setup_needed: bool) -> SessionOut:
    return SessionOut(
        state="signed_in" if actor else "setup_needed" if setup_needed else "signed_out",
        username=actor.name if actor else None,
        secure=session_cookie.is_secure(request),
        version=__version__,
        permissions=sorted(actor.permissions) if actor else [],
        confirm=actor is not None and actor.confirm,
    )


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None
