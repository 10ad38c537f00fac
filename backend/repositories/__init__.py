"""Repositories hold all SQL, one file per noun."""
