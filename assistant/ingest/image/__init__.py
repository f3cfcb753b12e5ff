"""Pictures and volumes of other formats."""
