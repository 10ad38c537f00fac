"""`python -m backend token …`: API tokens from the machine's shell, with or without a running server."""

import argparse
import asyncio
import sys
from datetime import timedelta

from backend.config import Settings
from backend.database import Database
from backend.domain.permissions import ROLES
from backend.errors import OrchestratorError, StorageFailed
from backend.models.actor import Actor
from backend.repositories.audit import AuditRows
from backend.repositories.tokens import Tokens as TokenRows
from backend.services.audit import Audit
from backend.services.credentials import ConfiguredTokens
from backend.services.tokens import Tokens
from backend.state_archive import State
from backend.storage_errors import STATE_IN_USE

_SHELL = Actor(kind="system", name="command line", permissions=ROLES["admin"], id="command-line")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    token = commands.add_parser("token", help="create, list and revoke API tokens")
    verbs = token.add_subparsers(dest="verb", required=True)
    create = verbs.add_parser("create", help="print a new token, this once")
    create.add_argument("--name", required=True, help="what the token is for, such as laptop")
    create.add_argument(
        "--scope",
        choices=tuple(ROLES),
        default="admin",
        help="read: look; operate: change services, nodes and builds, too; admin: everything (the default)",
    )
    create.add_argument(
        "--confirm",
        action="store_true",
        help="for agents: what would hurt waits until a person approves it on the page",
    )
    lasting = create.add_mutually_exclusive_group()
    lasting.add_argument("--days", type=_days, default=90, help="valid for so many days (default: 90)")
    lasting.add_argument("--never-expires", action="store_true")
    verbs.add_parser("list", help="list tokens: id, name, when they expire and were used")
    revoke = verbs.add_parser("revoke", help="make a token useless at once")
    revoke.add_argument("id", help="as `token list` shows it")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    try:
        return asyncio.run(_run(arguments, settings))
    except OrchestratorError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1


async def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    database = Database.of(State.of(settings))
    try:
        await database.open()
    except StorageFailed as error:
        if error.code != STATE_IN_USE:
            raise
        await database.open_beside()
    try:
        audit = Audit(AuditRows(database))
        tokens = Tokens(TokenRows(database), audit, configured=ConfiguredTokens(None, None))
        lines = await _carry_out(arguments, tokens)
    finally:
        await database.close()
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


async def _carry_out(arguments: argparse.Namespace, tokens: Tokens) -> list[str]:
    if arguments.verb == "create":
        expires_in = None if arguments.never_expires else timedelta(days=arguments.days)
        _, token = await tokens.create(
            _SHELL,
            arguments.name,
            expires_in=expires_in,
            scope=arguments.scope,
            confirm=arguments.confirm,
        )
        return [token]
    if arguments.verb == "revoke":
        await tokens.revoke(_SHELL, arguments.id)
        return []
    return [
        f"{row.id}  {row.name}  {row.scope}{' with confirmation' if row.confirm else ''}"
        f"  expires {_when(row.expires_at)}  last used {_when(row.last_used_at)}"
        for row in await tokens.list_all(_SHELL)
    ]


def _when(moment: object) -> str:
    return "never" if moment is None else str(moment)[:16]


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 3650:
        msg = "from 1 to 3650"
        raise argparse.ArgumentTypeError(msg)
    return days
