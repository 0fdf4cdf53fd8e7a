"""Answers requests: runs a plan, compares flows, reports every stage."""
