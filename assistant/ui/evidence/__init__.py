"""Evidence to look at: pictures, ECGs and texts, opened at the place that is cited."""
