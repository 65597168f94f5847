//! Values in a few words.

use people::{Chart, Language, PersonId};

use super::{Condition, Field, FieldKind, Form, Literal, Template, Value, condition::Operator};

/// The words of a language: the key of a text, and what fills its gaps.
type Say<'a> = &'a dyn Fn(&str, &[(&str, &str)]) -> String;

/// Characters that are left of a long text that is masked, so that people know it again.
const TAIL_CHARACTERS: usize = 4;

/// The text for the end of what is masked.
const TAIL: &str = "value.tail";

/// What stands behind a number of days in no language.
const DAYS_MARK: &str = "d";

/// A value in a few words, in no language. Of what is sensitive only the end of a long text is shown.
#[must_use]
pub fn brief(field: &Field, value: &Value, chart: &Chart) -> String {
    brief_in(field, value, chart, &|key, values| {
        let value = values.first().map_or("", |(_, value)| *value);
        if key == TAIL { format!("…{value}") } else { format!("{value}{DAYS_MARK}") }
    })
}

/// A value in a few words of a language. Of what is sensitive only the end of a long text is shown.
pub fn brief_in(field: &Field, value: &Value, chart: &Chart, say: Say<'_>) -> String {
    match value {
        Value::Text(text) if field.sensitive && text.chars().count() >= 2 * TAIL_CHARACTERS => {
            let hidden = text.chars().count() - TAIL_CHARACTERS;
            say(TAIL, &[("tail", &text.chars().skip(hidden).collect::<String>())])
        }
        _ if field.sensitive => "…".to_owned(),
        Value::Text(text) | Value::Date(text) | Value::Moment(text) | Value::Department(text) => text.clone(),
        Value::Number(number) if field.is_money() => {
            money(*number, field.currency.as_deref().unwrap_or("CNY"))
        }
        Value::Number(number) => number.to_string(),
        Value::Range { from, to, days, halves, .. } => {
            let count = half_days(*days, *halves);
            let count = days_in(&count, say);
            if from == to { format!("{from} ({count})") } else { format!("{from} – {to} ({count})") }
        }
        Value::Choices(chosen) => chosen.join("、"),
        Value::Person(id) => name_of(id, chart).to_owned(),
        Value::People(ids) => ids.iter().map(|id| name_of(id, chart)).collect::<Vec<_>>().join("、"),
        Value::Lines(lines) => {
            let cell =
                |line: &Form, column: &Field| Some(brief_in(column, line.get(&column.id)?, chart, say));
            let line = |line: &Form| {
                field.columns.iter().filter_map(|column| cell(line, column)).collect::<Vec<_>>().join(" ")
            };
            format!("({}) {}", lines.len(), lines.iter().map(line).collect::<Vec<_>>().join("；"))
        }
        Value::Files(files) => files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join("、"),
    }
}

/// What [`brief`] wrote of a value, in the words of a language: the days of a span are counted there.
#[must_use]
pub fn said_again(field: &Field, brief: &str, say: Say<'_>) -> String {
    let counted = brief.strip_suffix(')').and_then(|text| text.strip_suffix(DAYS_MARK)?.rsplit_once('('));
    match counted {
        Some((span, count)) if field.kind == FieldKind::DateRange => {
            format!("{span}({})", days_in(count, say))
        }
        Some(_) | None => brief.to_owned(),
    }
}

/// So many days in the words of a language, in one line where it says them in two languages.
fn days_in(count: &str, say: Say<'_>) -> String {
    let key = if count == "1" { "value.day" } else { "value.days" };
    say(key, &[("count", count)]).replace('\n', " / ")
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
