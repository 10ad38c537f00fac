"""The MCP interface: tools, resources and prompts, all of them a client of the REST API."""
