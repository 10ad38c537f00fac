"""What crosses the API: Pydantic models, one file per noun."""
