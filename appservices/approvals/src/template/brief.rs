//! Values in a few words.

use people::Chart;

use super::{Field, FieldKind, Value};

/// A value in a few words, for cards.
#[must_use]
pub fn brief(field: &Field, value: &Value, chart: &Chart) -> String {
    match value {
        Value::Text(text) if field.sensitive => {
            let shown = text.chars().count().saturating_sub(4);
            format!("…{}", text.chars().skip(shown).collect::<String>())
        }
        Value::Text(text) | Value::Date(text) => text.clone(),
        Value::Number(number) if field.kind == FieldKind::Amount => {
            money(*number, field.currency.as_deref().unwrap_or("CNY"))
        }
        Value::Number(number) => number.to_string(),
        Value::Range { from, to, days } if from == to => format!("{from} ({days}d)"),
        Value::Range { from, to, days } => format!("{from} – {to} ({days}d)"),
        Value::Choices(chosen) => chosen.join("、"),
        Value::Person(id) => chart.person(id).map_or(id.0.as_str(), |person| &person.name).to_owned(),
        Value::Files(files) => files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join("、"),
    }
}

fn money(minor: i64, currency: &str) -> String {
    let whole = (minor / 100).to_string();
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = match currency {
        "CNY" => "¥".to_owned(),
        "USD" => "$".to_owned(),
        "EUR" => "€".to_owned(),
        other => format!("{other} "),
    };
    format!("{sign}{grouped}.{:02}", minor % 100)
}
