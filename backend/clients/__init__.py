"""Clients reach the outside: the Docker engine and, later, registries."""
