//! Clock, randomness, shutdown and tracing: what every part may use and no part may bypass.
