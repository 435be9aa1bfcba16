"""Runs in folders: what they are, how they are made, and what they leave."""
