"""Wardround's functions for programs: documented HTTP routes, and tools for language models over MCP."""
