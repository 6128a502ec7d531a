"""Tests of the engine's command line."""
