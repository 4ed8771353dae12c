"""Layout profiles: how a provider's file becomes canonical lines."""
