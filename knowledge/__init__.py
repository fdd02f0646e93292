"""What the shop knows: entries as files, Korean text analysis, search, the decision to answer. Stores nothing."""
