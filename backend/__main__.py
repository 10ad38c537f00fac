"""`swarm-orchestrator` or `python -m backend`: the server on ORCHESTRATOR_BIND and APP_PORT, or a command."""

import argparse
import errno
import gc
import logging
import signal
import socket
import sys
from pathlib import Path

from pydantic import ValidationError

from backend import backup_command, log_lines, token_command
from backend.config import Settings
from backend.errors import StorageFailed
from backend.startup import EX_TEMPFAIL, StartRefused
from backend.state_folder import StateLock, server_lock
from backend.storage_errors import STATE_IN_USE

EX_UNAVAILABLE = 69
_NAME = "swarm-orchestrator"
"""As an installed package calls it."""


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["mcp"]:
        # It brings the SDK along, which nothing else here has a use for.
        from backend import mcp_server

        return mcp_server.main(argv[1:])
    installed = Path(sys.argv[0]).name == _NAME
    arguments = _parser(_NAME if installed else "python -m backend").parse_args(argv)
    if arguments.command == "completion":
        import shtab

        sys.stdout.write(shtab.complete(_parser(_NAME), arguments.shell) + "\n")
        return 0
    try:
        settings = Settings()
        if arguments.command == "token":
            return token_command.run(arguments, settings)
        if arguments.command in ("backup", "restore"):
            return backup_command.run(arguments, settings)
        return serve(settings)
    except ValidationError as error:
        return _refuse(StartRefused(_wrong_settings(error)))
    except StartRefused as refusal:
        return _refuse(refusal)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description="Swarm Orchestrator")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="run the server (the default)")
    commands.add_parser("mcp", help="run the MCP server on standard input and output, for an agent")
    token_command.add_to(commands)
    backup_command.add_to(commands)
    completion = commands.add_parser("completion", help="print the completion script of a shell")
    completion.add_argument("shell", choices=("bash", "zsh"))
    return parser


def serve(settings: Settings) -> int:
    """Run until SIGINT or SIGTERM; return the exit code."""
    # A full collection walks through everything there is, the whole cluster included, while nobody is
    # answered; the picture holds next to no cycles, and loading the program none worth looking for. The
    # smaller ones walk through at most twice the first number of objects.
    gc.set_threshold(30_000, 1, 4_000)
    import uvicorn

    from backend.http_protocol import BoundedHttp
    from backend.main import create_app

    log_lines.install()
    app = create_app(settings)
    try:
        sockets = _bind(settings.app_host, settings.app_port)
    except StartRefused:
        # A second start of the same thing meets the busy port first; its real reason is the other server.
        _refuse_beside_another(settings)
        raise
    config = uvicorn.Config(
        app,
        host=settings.app_host,
        port=settings.app_port,
        http=BoundedHttp,
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=list(settings.trusted_proxies),
        lifespan="on",
        ws="none",  # There are none, and their library would be loaded.
        timeout_graceful_shutdown=5,
    )
    _let_uvicorn_speak_of_trouble_only(app.state)
    # uvicorn raises the signals again that ended it; we have ended well by then.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    # What is loaded by now stays for ever, so no collection has to walk through it again. One before this
    # would find next to nothing and take a tenth of a second.
    gc.freeze()
    try:
        uvicorn.Server(config).run(sockets)
    except SystemExit:
        refusal = getattr(app.state, "refusal", None)
        if refusal is None:
            raise
        raise refusal from None
    return 0


def _bind(host: str, port: int) -> list[socket.socket]:
    """Take the port before anything else is opened, so that a busy one is the first thing said."""
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            bound = socket.socket(family, kind, protocol)
            sockets.append(bound)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind(address)
            if port == 0:
                break
    except OSError as error:
        for bound in sockets:
            bound.close()
        if error.errno == errno.EADDRINUSE:
            msg = f"port {port} on {host} is taken by another program; stop it or set another APP_PORT"
        elif error.errno == errno.EACCES:
            msg = f"port {port} on {host} needs more rights; set APP_PORT to a port above 1023"
        else:
            reason = error.strerror or str(error)
            msg = f"cannot listen on {host}, port {port} (ORCHESTRATOR_BIND, APP_PORT): {reason}"
        raise StartRefused(msg, EX_UNAVAILABLE) from None
    return sockets


def _refuse_beside_another(settings: Settings) -> None:
    lock = StateLock(server_lock(settings.database_path))
    try:
        lock.acquire()
    except StorageFailed as error:
        if error.code == STATE_IN_USE:
            raise StartRefused(error.detail, EX_TEMPFAIL) from None
    finally:
        lock.release()


def _let_uvicorn_speak_of_trouble_only(state: object) -> None:
    log = logging.getLogger("uvicorn.error")
    log.setLevel(logging.WARNING)
    # We say ourselves why the start was refused, in one line.
    log.addFilter(lambda _: getattr(state, "refusal", None) is None)


def _wrong_settings(error: ValidationError) -> str:
    wrong = [
        f"{str(item['loc'][0]).upper()}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_input=False)
    ]
    return f"wrong settings: {'; '.join(wrong)}"


def _refuse(refusal: StartRefused) -> int:
    sys.stderr.write(f"swarm-orchestrator: {log_lines.escape(refusal.reason)}\n")
    return refusal.exit_code


if __name__ == "__main__":
    sys.exit(main())
