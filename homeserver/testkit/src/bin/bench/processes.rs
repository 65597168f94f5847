//! What the kernel says of a process and its children: CPU time and resident memory.

use std::collections::HashMap;

/// Clock ticks a second in `/proc`; fixed at 100 on every Linux that a user process can see.
const TICKS_A_SECOND: u64 = 100;

/// CPU time in ms that `roots` and everything under them have used, dead children included.
pub fn cpu_ms(roots: &[u32]) -> f64 {
    let ticks: u64 = family(roots).iter().filter_map(|pid| stat(*pid)).map(|stat| stat.ticks).sum();
    ticks as f64 * 1000.0 / TICKS_A_SECOND as f64
}

/// Resident memory in MB of `roots` and everything under them.
pub fn resident_mb(roots: &[u32]) -> f64 {
    let pages: u64 = family(roots)
        .iter()
        .filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/statm")).ok())
        .filter_map(|text| text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()))
        .sum();
    pages as f64 * 4096.0 / 1e6
}

/// The most memory in MB that a process has held.
pub fn peak_mb(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1000.0)
}

struct Stat {
    parent: u32,
    ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold spaces; the numbers start behind it.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
    // utime, stime, and the same of children that were waited for.
    let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
    Some(Stat { parent: u32::try_from(number(1)?).ok()?, ticks })
}

/// The process ids of `roots` and all their descendants.
fn family(roots: &[u32]) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        if let Some(stat) = stat(pid) {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut open: Vec<u32> = roots.to_vec();
    while let Some(pid) = open.pop() {
        found.push(pid);
        open.extend(children.remove(&pid).unwrap_or_default());
    }
    found
}
