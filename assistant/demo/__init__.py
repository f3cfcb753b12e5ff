"""The demonstration archive: real reports, citations, ECGs and pictures that packages carry, made into an index."""

from assistant.demo.prepare import DEMO_INDEX, notices, prepare

__all__ = ["DEMO_INDEX", "notices", "prepare"]
