"""The messaging platforms, one place each. Only here is a platform known."""
