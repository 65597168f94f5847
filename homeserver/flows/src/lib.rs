//! Use cases that cross domains.
