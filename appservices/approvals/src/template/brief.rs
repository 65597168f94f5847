//! Values in a few words.

use people::{Chart, Language, PersonId};

use super::{Condition, Field, Form, Literal, Template, Value, condition::Operator};

/// Characters that are left of a long text that is masked, so that people know it again.
const TAIL_CHARACTERS: usize = 4;

/// A value in a few words, in no language. Of what is sensitive only the end of a long text is shown.
#[must_use]
pub fn brief(field: &Field, value: &Value, chart: &Chart) -> String {
    brief_in(field, value, chart, &|tail| format!("…{tail}"))
}

/// A value in a few words. Of what is sensitive only the end of a long text is shown, in the words of `masked`.
pub fn brief_in(field: &Field, value: &Value, chart: &Chart, masked: &dyn Fn(&str) -> String) -> String {
    match value {
        Value::Text(text) if field.sensitive && text.chars().count() >= 2 * TAIL_CHARACTERS => {
            let hidden = text.chars().count() - TAIL_CHARACTERS;
            masked(&text.chars().skip(hidden).collect::<String>())
        }
        _ if field.sensitive => "…".to_owned(),
        Value::Text(text) | Value::Date(text) | Value::Moment(text) | Value::Department(text) => text.clone(),
        Value::Number(number) if field.is_money() => {
            money(*number, field.currency.as_deref().unwrap_or("CNY"))
        }
        Value::Number(number) => number.to_string(),
        Value::Range { from, to, days, halves, .. } => {
            let count = half_days(*days, *halves);
            if from == to { format!("{from} ({count}d)") } else { format!("{from} – {to} ({count}d)") }
        }
        Value::Choices(chosen) => chosen.join("、"),
        Value::Person(id) => name_of(id, chart).to_owned(),
        Value::People(ids) => ids.iter().map(|id| name_of(id, chart)).collect::<Vec<_>>().join("、"),
        Value::Lines(lines) => {
            let cell =
                |line: &Form, column: &Field| Some(brief_in(column, line.get(&column.id)?, chart, masked));
            let line = |line: &Form| {
                field.columns.iter().filter_map(|column| cell(line, column)).collect::<Vec<_>>().join(" ")
            };
            format!("({}) {}", lines.len(), lines.iter().map(line).collect::<Vec<_>>().join("；"))
        }
        Value::Files(files) => files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join("、"),
    }
}

fn name_of<'a>(id: &'a PersonId, chart: &'a Chart) -> &'a str {
    chart.person(id).map_or(id.0.as_str(), |person| &person.name)
}

/// Days with the halves beside them: `2.5`.
fn half_days(days: i64, halves: i64) -> String {
    let tenths = days.saturating_mul(10).saturating_add(halves.saturating_mul(5));
    if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

/// A condition as people read it: one comparison of a field by the name of the field, everything else as it stands.
#[must_use]
pub fn readable(template: &Template, text: &str, language: Language) -> String {
    let Ok(Condition::Compare { name, operator, values }) = Condition::parse(text) else {
        return text.to_owned();
    };
    let field = template.field(&name);
    let label = field.map_or("", |field| field.label.in_language(language));
    let label = if label.is_empty() { &name } else { label };
    let is_amount = field.is_some_and(Field::is_money);
    let values = values.iter().map(|value| match value {
        Literal::Text(text) => text.clone(),
        Literal::Number(number) if is_amount && number.fract() == 0.0 && number.abs() < 1e15 => {
            #[expect(clippy::cast_possible_truncation, reason = "a whole number below 10^15")]
            let minor = *number as i64;
            let (minus, minor) = signed(minor);
            let (whole, cents) = (grouped(minor / 100), minor % 100);
            if cents == 0 { format!("{minus}{whole}") } else { format!("{minus}{whole}.{cents:02}") }
        }
        Literal::Number(number) => number.to_string(),
    });
    let values: Vec<String> = values.collect();
    format!("{label} {} {}", sign(operator), values.join("、"))
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "=",
        Operator::NotEqual => "≠",
        Operator::Less => "<",
        Operator::AtMost => "≤",
        Operator::Greater => ">",
        Operator::AtLeast => "≥",
        Operator::In => "∈",
        Operator::NotIn => "∉",
    }
}

/// The sign of a number, and the number without it.
const fn signed(number: i64) -> (&'static str, u64) {
    (if number < 0 { "-" } else { "" }, number.unsigned_abs())
}

/// Digits in groups of three.
fn grouped(whole: u64) -> String {
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn money(minor: i64, currency: &str) -> String {
    let (minus, minor) = signed(minor);
    let sign = match currency {
        "CNY" => "¥".to_owned(),
        "USD" => "$".to_owned(),
        "EUR" => "€".to_owned(),
        other => format!("{other} "),
    };
    format!("{minus}{sign}{}.{:02}", grouped(minor / 100), minor % 100)
}
