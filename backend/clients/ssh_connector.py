"""Connections to an engine over ssh; a module of its own because its libraries take a while to load."""

from aiodocker.ssh import SSHConnector


class SshConnector(SSHConnector):
    """At most `limit` connections, each a session of one ssh connection."""

    def __init__(self, url: str, limit: int) -> None:
        super().__init__(url)
        self._limit = limit

    def _clean_environment(self) -> dict[str, str]:
        # The library would send this process's whole environment, tokens included, to the remote host.
        return {}
