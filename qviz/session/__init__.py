"""What the user has open and chosen."""
