"""Tools for those who work on the portal. The portal itself does not import them."""
