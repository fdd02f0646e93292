"""Frozen types that every layer shares. This package imports nothing of ours."""
