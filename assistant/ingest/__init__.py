"""Files become records: told by content, one reader a format, recipes that say what an archive's tables mean."""

from assistant.ingest.deid import Deidentifier
from assistant.ingest.describe import describe_file, read_described
from assistant.ingest.formats import is_sidecar, read_file
from assistant.ingest.items import Item, Reading, iter_items, read_clean, read_item
from assistant.ingest.package import is_package, read_package
from assistant.ingest.recipe import Recipe, Source, folder_recipe, load_recipe

__all__ = [
    "Deidentifier",
    "Item",
    "Reading",
    "Recipe",
    "Source",
    "describe_file",
    "folder_recipe",
    "is_package",
    "is_sidecar",
    "iter_items",
    "load_recipe",
    "read_clean",
    "read_described",
    "read_file",
    "read_item",
    "read_package",
]
