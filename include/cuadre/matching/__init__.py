"""SQL models of matching and the engine that runs them."""
