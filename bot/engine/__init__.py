"""The loops that move messages: intake, handling, delivery."""
