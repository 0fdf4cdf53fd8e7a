"""What flows do, one file per way to capture; `qviz.engine.flow_table` finds the one that a run needs."""
