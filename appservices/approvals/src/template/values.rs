//! What people type into forms, and what it means.

use std::collections::BTreeMap;

use cases::Refusal;
use jiff::civil::Date;
use people::{Chart, Language, PersonId};
use serde::{Deserialize, Serialize};
use workdays::WorkCalendar;

use super::{Field, FieldKind, Template};
use crate::limits::{FIELD_BYTES_MAX, FILES_MAX};

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A text, a telephone number, an address.
    Text(String),
    /// A number, or money in the minor unit.
    Number(i64),
    /// A day, `2026-11-10`.
    Date(String),
    /// Two days, and the working days between.
    Range {
        /// The first day.
        from: String,
        /// The last day.
        to: String,
        /// Whole working days, both ends counted.
        days: i64,
        /// Half working days beside them, at most two.
        #[serde(default)]
        halves: i64,
        /// Whether the first day counts from noon.
        #[serde(default)]
        starts_at_noon: bool,
        /// Whether the last day counts to noon.
        #[serde(default)]
        ends_at_noon: bool,
    },
    /// Chosen ones.
    Choices(Vec<String>),
    /// A person.
    Person(PersonId),
    /// Files.
    Files(Vec<File>),
}

/// A file of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub mxc: String,
    /// The event that brought it; its id is a hash over the file's address.
    pub event: String,
    /// Hash of its bytes, `sha256:` and hexadecimal digits.
    #[serde(default)]
    pub sha256: String,
}

/// A form, by field.
pub type Form = BTreeMap<String, Value>;

/// What is wrong with a field (E110).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError {
    /// The field.
    pub field: String,
    /// The key of the text that says what is wrong.
    pub problem: &'static str,
    /// What would be right.
    pub example: String,
}

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
    if text.len() > FIELD_BYTES_MAX {
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
        FieldKind::Date => match day(text, today) {
            Some(date) if field.allow_past || date >= today => Ok(Value::Date(date.to_string())),
            Some(_) => wrong("form.past", &today.to_string()),
            None => wrong("form.date", &today.to_string()),
        },
        FieldKind::DateRange => range(field, text, today, calendar),
        FieldKind::Single | FieldKind::Multi => choices(field, text),
        FieldKind::Contact => match chart.called(text).as_slice() {
            [person] => Ok(Value::Person(person.id.clone())),
            [] => wrong("form.nobody", "@lisi"),
            _ => wrong("form.several", "@lisi"),
        },
        FieldKind::Attachment => wrong("form.file", "invoice.pdf"),
    }
}

fn within(field: &Field, number: i64, problem: &'static str, example: &str) -> Result<Value, FormError> {
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

/// A day: `2026-11-10`, `11-10` (the next such day), 今天, tomorrow.
fn day(text: &str, today: Date) -> Option<Date> {
    let ahead = |days: i64| today.checked_add(jiff::Span::new().days(days)).ok();
    match text.to_lowercase().as_str() {
        "今天" | "today" => return Some(today),
        "明天" | "tomorrow" => return ahead(1),
        "后天" => return ahead(2),
        _ => {}
    }
    let numbers: Option<Vec<i16>> = text.split(['-', '/', '.']).map(|part| part.parse().ok()).collect();
    match numbers?.as_slice() {
        [year, month, day] => Date::new(*year, (*month).try_into().ok()?, (*day).try_into().ok()?).ok(),
        [month, day] => {
            let date = |year: i16| Date::new(year, (*month).try_into().ok()?, (*day).try_into().ok()?).ok();
            date(today.year()).filter(|date| *date >= today).or_else(|| date(today.year() + 1))
        }
        _ => None,
    }
}

/// Which half of a day a word names: whether it is the second.
fn half(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "上午" | "am" => Some(false),
        "下午" | "pm" => Some(true),
        _ => None,
    }
}

/// Two days, each with the half of it where people say so: `11-10 下午 11-12 上午`.
fn range(field: &Field, text: &str, today: Date, calendar: &WorkCalendar) -> Result<Value, FormError> {
    let example = format!("{today} {today}");
    let wrong = |problem| FormError { field: field.id.clone(), problem, example: example.clone() };
    let mut ends: Vec<(Date, Option<bool>)> = Vec::new();
    let words = text.split(|c: char| c.is_whitespace() || c == '~' || c == '至');
    for word in words.filter(|word| !word.is_empty()) {
        match (half(word), ends.last_mut()) {
            (Some(is_second), Some((_, half))) if half.is_none() => *half = Some(is_second),
            (Some(_), _) => return Err(wrong("form.date")),
            (None, _) => ends.push((day(word, today).ok_or_else(|| wrong("form.date"))?, None)),
        }
    }
    let (first, last) = match ends.as_slice() {
        [one] => (*one, *one),
        [first, last] => (*first, *last),
        _ => return Err(wrong("form.date")),
    };
    let ((from, from_half), (to, to_half)) = (first, last);
    if to < from || to > from.saturating_add(jiff::Span::new().days(366)) {
        return Err(wrong("form.range"));
    }
    if from < today && !field.allow_past {
        return Err(wrong("form.past"));
    }
    let (starts_at_noon, ends_at_noon) = (from_half == Some(true), to_half == Some(false));
    if from == to && starts_at_noon && ends_at_noon {
        return Err(wrong("form.range"));
    }
    let days = i64::from(calendar.working_days(from, to));
    // Only half of a day that is worked can be missing from the count.
    let missing = i64::from(starts_at_noon && calendar.is_working(from))
        + i64::from(ends_at_noon && calendar.is_working(to));
    Ok(Value::Range {
        from: from.to_string(),
        to: to.to_string(),
        days: days - missing,
        halves: missing,
        starts_at_noon,
        ends_at_noon,
    })
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

/// Reads a form from one line, field by field in the order of the template. What is not there stays open; the last
/// text takes the rest.
///
/// # Errors
/// [`FormError`] for the first field that does not fit.
pub fn read_line(template: &Template, line: &str, reader: Reader<'_>) -> Result<Form, FormError> {
    let words = words(line);
    let mut rest = words.as_slice();
    let mut form = Form::new();
    let typed: Vec<&Field> =
        template.form.iter().filter(|field| field.kind != FieldKind::Attachment).collect();
    for (place, field) in typed.iter().enumerate() {
        if rest.is_empty() {
            break;
        }
        let is_last = place + 1 == typed.len();
        let take = match field.kind {
            _ if is_last => rest.len(),
            FieldKind::DateRange => words_of_range(rest, reader.today),
            _ => 1,
        };
        let (mine, others) = rest.split_at(take.min(rest.len()));
        match parse_value(field, &mine.join(" "), reader) {
            Ok(value) => {
                form.insert(field.id.clone(), value);
                rest = others;
            }
            // An optional choice that was left out.
            Err(_) if !field.required && !is_last => {}
            Err(error) => return Err(error),
        }
    }
    Ok(form)
}

/// How many words in front are days and halves of days, at least one.
fn words_of_range(words: &[String], today: Date) -> usize {
    let mut days = 0;
    let is_part = |word: &&String| {
        days += usize::from(day(word, today).is_some());
        days <= 2 && (day(word, today).is_some() || half(word).is_some())
    };
    words.iter().take_while(is_part).count().max(1)
}

/// Words, where quotation marks hold several together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut until: Option<char> = None;
    for c in line.chars() {
        match (until, c) {
            (Some(end), c) if c == end => until = None,
            (None, '"') => until = Some('"'),
            (None, '“') => until = Some('”'),
            (None, c) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (_, c) => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// E110 for a field of a form, with its label in both languages.
#[must_use]
pub fn field_refused(template: &Template, error: &FormError) -> Refusal {
    let label = |language| match template.field(&error.field) {
        Some(field) if !field.label.in_language(language).is_empty() => field.label.in_language(language),
        Some(field) => &field.id,
        None => "form.files",
    };
    Refusal::new("E110")
        .with("field", label(Language::Zh))
        .with("field_en", label(Language::En))
        .with("problem", error.problem)
        .with("example", &error.example)
}

/// The required fields that are still open.
#[must_use]
pub fn missing<'a>(template: &'a Template, form: &Form) -> Vec<&'a Field> {
    let open = |field: &&Field| match form.get(&field.id) {
        Some(Value::Files(files)) => files.is_empty(),
        Some(_) => false,
        None => true,
    };
    template.form.iter().filter(|field| field.required).filter(open).collect()
}

/// Adds a file to the first field of files that has room.
///
/// # Errors
/// [`FormError`] when the form has no such field, or no room in it.
pub fn add_file(template: &Template, form: &mut Form, file: File) -> Result<(), FormError> {
    let mut fields = template.form.iter().filter(|field| field.kind == FieldKind::Attachment);
    let Some(field) = fields.next() else {
        return Err(FormError { field: String::new(), problem: "form.no_file", example: "-".to_owned() });
    };
    let most = field.max.and_then(|max| usize::try_from(max).ok()).unwrap_or(FILES_MAX).min(FILES_MAX);
    let held = form.entry(field.id.clone()).or_insert_with(|| Value::Files(Vec::new()));
    match held {
        Value::Files(files) if files.len() < most => {
            files.push(file);
            Ok(())
        }
        _ => Err(FormError { field: field.id.clone(), problem: "form.files", example: most.to_string() }),
    }
}
