"""Three prompts a person can pick: how to find out, roll out and drain without breaking things."""

from backend.mcp.sdk import SwarmServer


def add_to(server: SwarmServer) -> None:
    for prompt in (troubleshoot, safe_rollout, drain_node):
        server.prompt()(prompt)


def troubleshoot(service: str) -> str:
    """Find out why a service fails and propose one change."""
    return (
        f"Find out why the service '{service}' does not run as wanted. Call diagnose_service, then "
        "get_service_logs if the cause is inside the container. Say the cause with its evidence in two "
        "sentences, propose one change, and wait for my go-ahead before you make it."
    )


def safe_rollout(service: str, image: str) -> str:
    """Roll out an image and go back if it fails."""
    return (
        f"Roll '{image}' out to the service '{service}'. First inspect_service, then update_service with "
        "dry_run=true and show me what changes. After my go-ahead: update_service, then wait_service. If it "
        "did not succeed, diagnose_service, rollback_service, wait_service, and tell me what happened."
    )


def drain_node(node: str) -> str:
    """Take a node out of service for maintenance."""
    return (
        f"Prepare the node '{node}' for maintenance. Call set_node_availability with availability='drain' "
        "and dry_run=true, tell me what moves and what would end, and wait for my go-ahead. Then drain it, "
        "check with get_health that all runs elsewhere, and remind me how to make it active again."
    )
