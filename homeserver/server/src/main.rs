//! The `lianqiao` binary.

fn main() {}
