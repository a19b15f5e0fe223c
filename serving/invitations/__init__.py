"""Invitations: people asked by mail to join a workspace."""
