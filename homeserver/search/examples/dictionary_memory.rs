//! Measures what the dictionary of Chinese words takes: `cargo run --release -p lianqiao-search --example
//! dictionary_memory`. Prints resident kilobytes before it is loaded, with it, and after it was dropped.

#![expect(clippy::print_stdout, reason = "an example prints what it measured")]

/// Resident memory of this process in kB, 0 where the system does not tell.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn main() {
    println!("before:  {} kB", resident_kb());
    let dictionary = jieba_rs::Jieba::new();
    let words = dictionary.cut("我们在北京天安门广场集合", true).len();
    println!("loaded:  {} kB ({words} words cut)", resident_kb());
    drop(dictionary);
    println!("dropped: {} kB", resident_kb());
}
