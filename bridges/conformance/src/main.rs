//! Runs the suite and says what came of it; `--write FILE` puts the tables into a document. A word runs the cases whose names
//! contain it.

#![expect(clippy::print_stdout, reason = "its output is the report")]

use std::process::ExitCode;

use conformance::{Result, between_marks, platforms, report, table};

#[tokio::main]
async fn main() -> std::io::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let (mut filter, mut file) = (String::new(), None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--write" => file = arguments.next(),
            _ => filter = argument,
        }
    }
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for start in platforms::all() {
        let report = report(start, &filter).await;
        for outcome in &report.outcomes {
            match &outcome.result {
                Result::Passed => passed += 1,
                Result::NotCarried => skipped += 1,
                Result::Failed(reason) => {
                    failed += 1;
                    println!("{}: {}: FAILED: {reason}", report.platform, outcome.name);
                }
            }
        }
        let Some(file) = &file else { continue };
        let mut document = std::fs::read_to_string(file)?;
        if let Some((begins, ends)) = between_marks(&document, report.platform) {
            document.replace_range(begins..ends, &table(&report));
            std::fs::write(file, document)?;
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
