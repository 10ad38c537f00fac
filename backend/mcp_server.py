"""`python -m backend.mcp_server`: the MCP server on stdin and stdout, for an agent on this machine."""

import argparse
import logging
import sys
from pathlib import Path
from typing import get_args

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend import log_lines
from backend.config import Settings
from backend.mcp.rest import Backend, Remote
from backend.mcp.sdk import Mode
from backend.mcp.tools import build_server

EX_CONFIG = 78


class McpSettings(BaseSettings):
    """Where the orchestrator is, and what the agent may do through this process."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    orchestrator_url: str | None = None
    """Empty: the one on this machine, running or embedded."""
    orchestrator_token: SecretStr | None = None
    orchestrator_token_file: Path | None = None
    swarm_mcp_mode: Mode = Field(default="full")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m backend.mcp_server", description=__doc__)
    parser.add_argument("--url", help="the orchestrator's address (ORCHESTRATOR_URL)")
    parser.add_argument(
        "--mode",
        choices=get_args(Mode.__value__),
        help="read-only; confirm: ask a person before anything ends; full: only before what is wide or "
        "irreversible (the default; SWARM_MCP_MODE)",
    )
    arguments = parser.parse_args(argv)
    # Before anything else can write: standard output belongs to the protocol.
    log_lines.install()
    logging.getLogger().setLevel(logging.WARNING)
    try:
        settings = McpSettings()
        backend = _backend(arguments.url or settings.orchestrator_url, settings)
    except (ValidationError, ValueError, OSError) as error:
        sys.stderr.write(f"swarm-orchestrator mcp: {log_lines.escape(_said(error))}\n")
        return EX_CONFIG
    build_server(backend, mode=arguments.mode or settings.swarm_mcp_mode).run("stdio")
    return 0


def _backend(url: str | None, settings: McpSettings) -> Backend:
    if url is None:
        # It brings the whole application along, which a client of a server far away has no use for.
        from backend.mcp_local import Local

        return Local(Settings())
    if not url.startswith(("http://", "https://")):
        msg = f"ORCHESTRATOR_URL is {url!r}; http://host:port or https://host is expected"
        raise ValueError(msg)
    return Remote(url, _token(settings))


def _token(settings: McpSettings) -> str:
    if settings.orchestrator_token is not None:
        return settings.orchestrator_token.get_secret_value().strip()
    if settings.orchestrator_token_file is not None:
        try:
            return settings.orchestrator_token_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            msg = (
                f"ORCHESTRATOR_TOKEN_FILE {settings.orchestrator_token_file} cannot be read: {error.strerror}"
            )
            raise ValueError(msg) from None
    msg = (
        "ORCHESTRATOR_URL is set, but no token: set ORCHESTRATOR_TOKEN or ORCHESTRATOR_TOKEN_FILE. Make one "
        "on the page or with `python -m backend token create --name agent --scope operate --confirm`"
    )
    raise ValueError(msg)


def _said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        wrong = [
            f"{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors(include_input=False)
        ]
        return f"wrong settings: {'; '.join(wrong)}"
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
