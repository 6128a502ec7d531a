"""Where models are kept: claims, volumes, and what a mount means."""
