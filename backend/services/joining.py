"""How machines join the swarm, and what holds it together: join commands and the root certificate."""

from backend.clients.docker_client import SwarmClient
from backend.domain.certificates import fingerprint, root_certificate
from backend.domain.permissions import Permission
from backend.errors import DockerUnavailable
from backend.models.actor import Actor
from backend.models.cluster import Role
from backend.models.schemas.nodes import JoinCommand, RootCertificateOut, SwarmOut
from backend.services.audit import Audit
from backend.services.cluster_state import ClusterState
from backend.services.use_case import use_case


class Joining:
    def __init__(self, *, cluster: ClusterState, client: SwarmClient, audit: Audit) -> None:
        self._cluster = cluster
        self._client = client
        self.audit = audit

    @use_case(Permission.READ)
    async def swarm(self, actor: Actor) -> SwarmOut:
        """The swarm's settings, asked of the engine: they are not part of the picture in memory."""
        found = await self._client.swarm()
        root = root_certificate(found.trust_root)
        return SwarmOut(
            id=found.id,
            created_at=found.created_at,
            root_certificate=RootCertificateOut.model_validate(root, from_attributes=True) if root else None,
            trust_root=fingerprint(found.trust_root),
            root_rotation_in_progress=found.root_rotation_in_progress,
            node_cert_expiry_seconds=found.node_cert_expiry_seconds,
            autolock=found.autolock,
            task_history_limit=found.task_history_limit,
        )

    @use_case(Permission.ADMIN, action="node.join_command", target="role")
    async def command(self, actor: Actor, role: Role, *, rotate: bool = False) -> JoinCommand:
        """What to type on a new machine. `rotate` makes commands given out before worthless."""
        self._cluster.require_picture()
        managers = [
            node
            for node in self._cluster.nodes.values()
            if node.manager_address and node.reachability == "reachable"
        ]
        if not managers:
            raise DockerUnavailable(
                "No manager is reachable, so there is none to join.", code="swarm_no_leader", retry_after=5
            )
        if rotate:
            await self._client.rotate_join_token(role)
        manager = min(managers, key=lambda node: (not node.leader, node.hostname))
        token = await self._client.join_token(role)
        return JoinCommand(role=role, command=f"docker swarm join --token {token} {manager.manager_address}")
