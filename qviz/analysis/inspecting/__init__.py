"""What there is to say of one node, one group or the whole run: pages as values, which the inspector paints."""
