"""The measuring copy of a prepared model: every place of rounding is a switch."""
