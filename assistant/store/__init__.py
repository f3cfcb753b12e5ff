"""The store: a catalogue (SQL), vector and word indexes, and generations on disk that commit them together."""
