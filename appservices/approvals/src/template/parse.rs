//! What people type for one field, and what it means.

use jiff::civil::Date;
use people::{Chart, DepartmentPath};
use workdays::WorkCalendar;

use super::{Field, FieldKind, FormError, Value, choice, days, details};
use crate::limits::{DETAIL_BYTES_MAX, FIELD_BYTES_MAX};

/// What people type is read with this.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The day where the case lives.
    pub today: Date,
    /// The organisation.
    pub chart: &'a Chart,
    /// The working days.
    pub calendar: &'a WorkCalendar,
}

/// Reads what somebody typed for one field.
///
/// # Errors
/// [`FormError`].
pub fn parse_value(field: &Field, text: &str, reader: Reader<'_>) -> Result<Value, FormError> {
    let Reader { today, chart, calendar } = reader;
    let text = text.trim();
    let wrong = |problem, example: &str| {
        Err(FormError { field: field.id.clone(), problem, example: example.to_owned() })
    };
    let bytes_max = if field.kind == FieldKind::List { DETAIL_BYTES_MAX } else { FIELD_BYTES_MAX };
    if text.len() > bytes_max {
        return wrong("form.long", "…");
    }
    match field.kind {
        FieldKind::Text | FieldKind::Textarea => Ok(Value::Text(text.to_owned())),
        FieldKind::Phone => {
            let fits = text.chars().all(|c| c.is_ascii_digit() || "+- ".contains(c))
                && text.chars().filter(char::is_ascii_digit).count() >= 5;
            if fits { Ok(Value::Text(text.to_owned())) } else { wrong("form.phone", "13800001234") }
        }
        FieldKind::Link => {
            let fits = text.starts_with("https://") || text.starts_with("http://");
            if fits { Ok(Value::Text(text.to_owned())) } else { wrong("form.link", "https://example.com") }
        }
        FieldKind::Number => match text.parse::<i64>() {
            Ok(number) => within(field, number, "form.number", "3"),
            Err(_) => wrong("form.number", "3"),
        },
        FieldKind::Amount => match minor_units(text) {
            Some(number) => within(field, number, "form.amount", "1280.50"),
            None => wrong("form.amount", "1280.50"),
        },
        FieldKind::Date => match days::day(text, today) {
            Some(date) if field.allow_past || date >= today => Ok(Value::Date(date.to_string())),
            Some(_) => wrong("form.past", &today.to_string()),
            None => wrong("form.date", &today.to_string()),
        },
        FieldKind::DateRange => days::range(field, text, today, calendar),
        FieldKind::Single | FieldKind::Multi => choices(field, text),
        FieldKind::Contact => match chart.called(text).as_slice() {
            [person] => Ok(Value::Person(person.id.clone())),
            [] => wrong("form.nobody", "@lisi"),
            _ => wrong("form.several", "@lisi"),
        },
        FieldKind::People => choice::read_people(field, text, chart),
        FieldKind::Datetime => days::moment(field, text, today),
        FieldKind::Department => department(field, text, chart),
        FieldKind::List => details::parse(field, text, reader),
        FieldKind::Formula => wrong("form.formula", "-"),
        FieldKind::Attachment => wrong("form.file", "invoice.pdf"),
        FieldKind::Image => wrong("form.file", "photo.jpg"),
    }
}

pub(super) fn within(
    field: &Field,
    number: i64,
    problem: &'static str,
    example: &str,
) -> Result<Value, FormError> {
    let fits = field.min.is_none_or(|min| number >= min) && field.max.is_none_or(|max| number <= max);
    let wrong = FormError { field: field.id.clone(), problem, example: example.to_owned() };
    if fits && number.unsigned_abs() < (1 << 53) { Ok(Value::Number(number)) } else { Err(wrong) }
}

/// `¥12,800.50` in hundredths.
fn minor_units(text: &str) -> Option<i64> {
    let digits: String = text
        .trim_start_matches(['¥', '￥', '$', '€'])
        .trim_end_matches('元')
        .chars()
        .filter(|c| !matches!(c, ',' | '，' | ' '))
        .collect();
    let (whole, part) = digits.split_once('.').unwrap_or((&digits, ""));
    if part.len() > 2 || !whole.chars().chain(part.chars()).all(|c| c.is_ascii_digit()) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    whole.checked_mul(100)?.checked_add(part)
}

fn choices(field: &Field, text: &str) -> Result<Value, FormError> {
    let chosen = |text: &str| {
        let by_number =
            text.parse::<usize>().ok().and_then(|number| field.options.get(number.checked_sub(1)?));
        by_number.or_else(|| field.options.iter().find(|option| option.eq_ignore_ascii_case(text))).cloned()
    };
    let texts: Vec<&str> = match field.kind {
        FieldKind::Multi => text.split([',', '，', '、']).map(str::trim).collect(),
        _ => vec![text],
    };
    let found: Option<Vec<String>> = texts.into_iter().map(chosen).collect();
    let example = field.options.join(" / ");
    found.filter(|found| !found.is_empty()).map(Value::Choices).ok_or(FormError {
        field: field.id.clone(),
        problem: "form.choice",
        example,
    })
}

/// A department by its path or its name.
fn department(field: &Field, text: &str, chart: &Chart) -> Result<Value, FormError> {
    let wanted = DepartmentPath::parse(text);
    let is_meant = |path: &&DepartmentPath| wanted.as_ref() == Some(path) || path.name() == text;
    let found: Vec<&DepartmentPath> = chart.departments().map(|(path, _)| path).filter(is_meant).collect();
    // A whole path is one department, whatever others are called.
    let exact = found.iter().find(|path| wanted.as_ref() == Some(**path));
    let wrong = |problem| {
        let example = chart.departments().next().map_or("-", |(path, _)| path.as_str()).to_owned();
        Err(FormError { field: field.id.clone(), problem, example })
    };
    match (exact, found.as_slice()) {
        (Some(path), _) | (None, [path]) => Ok(Value::Department(path.as_str().to_owned())),
        (None, []) => wrong("form.no_department"),
        (None, _) => wrong("form.departments"),
    }
}
