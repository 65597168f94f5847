//! The binary `lianqiao`; everything is in [`server::cli`].

use std::process::ExitCode;

/// Also serves RocksDB: it gives memory back after a burst and does not fall into pieces over weeks.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    server::cli::main()
}
