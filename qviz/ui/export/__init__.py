"""One file per picture format; the painter of the screen draws them all."""
