//! The table that people read and the JSON that a later run is compared with.

use serde_json::{Value, json};

use crate::measure::Measure;

/// Prints a Markdown table: one row a workload, figures of every server, the ratio of CPU at the end.
#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
pub fn print(columns: &[(String, Vec<Measure>)]) {
    let Some((first, rest)) = columns.split_first() else { return };
    println!("| what | server | CPU ms each | median ms | p99 ms | each second | ratio |");
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
    for measure in &first.1 {
        println!("{}", row(&first.0, measure, None));
        for (name, measures) in rest {
            if let Some(other) = measures.iter().find(|other| other.name == measure.name) {
                println!("{}", row(name, other, Some(measure)));
            }
        }
    }
}

fn row(server: &str, measure: &Measure, ours: Option<&Measure>) -> String {
    let Measure { name, cpu_ms, latency_ms, rate, other, .. } = measure;
    if let Some((figure, unit)) = other {
        let ratio = ours.and_then(|ours| ours.other).map(|(own, _)| times(*figure, own)).unwrap_or_default();
        return format!("| {name} | {server} | {figure:.1} {unit} | | | | {ratio} |");
    }
    let cell =
        |figure: Option<f64>, digits: usize| figure.map(|f| format!("{f:.digits$}")).unwrap_or_default();
    let ratio = ours.and_then(|ours| Some(times((*cpu_ms)?, ours.cpu_ms?))).unwrap_or_default();
    format!(
        "| {name} | {server} | {} | {} | {} | {} | {ratio} |",
        cell(*cpu_ms, 3),
        cell(latency_ms.map(|pair| pair.0), 2),
        cell(latency_ms.map(|pair| pair.1), 2),
        cell(*rate, 0),
    )
}

fn times(theirs: f64, ours: f64) -> String {
    if ours > 0.0 { format!("{:.0} ×", theirs / ours) } else { String::new() }
}

/// The same figures for a machine.
pub fn json(columns: &[(String, Vec<Measure>)]) -> String {
    let servers: Vec<Value> = columns
        .iter()
        .map(|(name, measures)| {
            let measures: Vec<Value> = measures
                .iter()
                .map(|measure| {
                    json!({
                        "name": measure.name, "operations": measure.operations, "cpu_ms": measure.cpu_ms,
                        "median_ms": measure.latency_ms.map(|pair| pair.0),
                        "p99_ms": measure.latency_ms.map(|pair| pair.1),
                        "each_second": measure.rate, "other": measure.other.map(|(figure, _)| figure),
                    })
                })
                .collect();
            json!({"server": name, "measures": measures})
        })
        .collect();
    format!("{:#}\n", json!(servers))
}
