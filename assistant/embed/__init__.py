"""Records to vectors: one registry, one file for each family of encoders."""

from assistant.embed.registry import Encoder, JointEncoder, open_encoder

__all__ = ["Encoder", "JointEncoder", "open_encoder"]
