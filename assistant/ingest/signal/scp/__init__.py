"""SCP-ECG records (EN 1064, ISO 11073-91064), versions 1.x and 2.x.

Read: section 0 (pointers, with every checksum), 1 (patient, device, filters), 2 (Huffman tables, the default one and
a file's own), 3 (leads), 4 (QRS complexes and protected zones), 5 (reference beat), 6 (rhythm: plain or Huffman, first
or second differences, reference beats subtracted, bimodal), 7 (measurements), 8 and 11 (statements).

The default Huffman table with second differences was tried on a real file; the other ways on files written for the
tests. Bimodal data are put together as the standard describes, but no real file of that kind was at hand.
"""

from assistant.ingest.signal.scp.reader import read, recognises

__all__ = ["read", "recognises"]
