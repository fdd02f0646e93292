"""The catalogues of what the customer reads."""
