"""Does the evidence support what was said? It knows nothing of who said it."""

from assistant.verify.about import speaks_of_somebody
from assistant.verify.claims import join_claims, split_claims
from assistant.verify.judge import check
from assistant.verify.verifier import Verifier

__all__ = ["Verifier", "check", "join_claims", "speaks_of_somebody", "split_claims"]
