"""Routers deliver: authenticate, call one use case, return."""
