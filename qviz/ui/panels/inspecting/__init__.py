"""The pages of the inspector: widgets that paint the values of `qviz.analysis.inspecting`."""
