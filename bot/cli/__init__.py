"""The commands. Standard output carries only results; logs and words to the operator go to standard error."""
