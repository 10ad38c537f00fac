"""Joins what a build is made of; a part of the context's work."""

from backend.clients.buildx import Buildx
from backend.clients.docker_client import SwarmClient
from backend.clients.registry_client import RegistryClient
from backend.config import Settings
from backend.repositories.builds import BuildRecords
from backend.services.audit import Audit
from backend.services.build_context import ContextLimits
from backend.services.build_output import BuildOutputs
from backend.services.build_plans import BuildPlans
from backend.services.builder import ImageBuilder
from backend.services.builds import Builds
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState
from backend.services.registries import Registries
from backend.services.registry import Registry
from backend.services.turns import Turns


def join_builds(
    settings: Settings,
    *,
    catalog: Catalog,
    cluster: ClusterState,
    client: SwarmClient,
    registries: Registries,
    registry: Registry,
    registry_client: RegistryClient,
    registry_host: str,
    records: BuildRecords,
    pushes: Turns,
    audit: Audit,
) -> Builds:
    limits = ContextLimits(bytes=settings.build_context_max_bytes, files=settings.build_context_max_files)
    return Builds(
        catalog=catalog,
        cluster=cluster,
        records=records,
        outputs=BuildOutputs(settings.state_dir / "builds"),
        plans=BuildPlans(
            projects_dir=settings.projects_dir,
            limits=limits,
            registries=registries,
            cluster=cluster,
            registry_host=registry_host,
        ),
        builder=ImageBuilder(
            client=client,
            buildx=Buildx(
                settings.docker_host,
                cert_path=settings.docker_cert_path,
                tls_verify=settings.docker_tls_verify,
            ),
            registry=registry_client,
            registries=registries,
            records=records,
            projects_dir=settings.projects_dir,
            limits=limits,
            within=settings.build_timeout,
            memory_bytes=settings.build_memory_bytes,
            cpus=settings.build_cpus,
            turns=pushes,
            arrived=registry.pushed,
        ),
        audit=audit,
        limit=settings.build_concurrency,
        room=settings.build_queue,
        within=settings.build_timeout,
    )
