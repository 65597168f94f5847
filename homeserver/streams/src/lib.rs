//! Facts, positions and cursors, and the notifier that wakes exactly the readers concerned.
