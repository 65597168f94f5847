//! The configuration file: one module per section, its comments are the manual.
