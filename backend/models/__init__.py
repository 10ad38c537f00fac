"""Models say what things are."""
