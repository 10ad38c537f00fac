"""Swarm Orchestrator: a control plane for Docker Swarm."""

__version__ = "0.1.0"
