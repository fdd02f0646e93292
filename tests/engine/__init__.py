"""The engine's loops and what they lean on."""
