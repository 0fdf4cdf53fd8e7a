"""The graph on the screen: scene, painter, view."""
