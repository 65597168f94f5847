//! The errors that people quote to each other, word for word.

use kit::texts::ERRORS;

const LISTED: &str = include_str!("errors.md");

#[test]
fn every_error_reads_exactly_as_it_is_listed() {
    let listed: Vec<[&str; 3]> = LISTED
        .lines()
        .filter(|line| line.starts_with("| E"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            cells.try_into().unwrap()
        })
        .collect();
    let kept: Vec<[&str; 3]> = ERRORS.iter().map(|entry| [entry.key, entry.zh, entry.en]).collect();
    assert_eq!(kept, listed);
    for code in ["E101", "E303", "E401", "E404"] {
        assert!(listed.iter().any(|row| row[0] == code), "{code}");
    }
}
