"""The domain decides: pure functions, no I/O, no clock, no await."""
