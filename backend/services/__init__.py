"""Services carry out: one class per file, one public method per use case."""
