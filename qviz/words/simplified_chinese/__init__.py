"""The Simplified Chinese catalog."""
