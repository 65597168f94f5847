//! Days and times as people type them into forms.

use jiff::civil::{Date, Time};
use workdays::WorkCalendar;

use super::{Field, FormError, Value};

/// A day: `2026-11-10`, `11-10` (the next such day), 今天, tomorrow.
pub(super) fn day(text: &str, today: Date) -> Option<Date> {
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
pub(super) fn half(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "上午" | "am" => Some(false),
        "下午" | "pm" => Some(true),
        _ => None,
    }
}

/// Two days, each with the half of it where people say so: `11-10 下午 11-12 上午`.
pub(super) fn range(
    field: &Field,
    text: &str,
    today: Date,
    calendar: &WorkCalendar,
) -> Result<Value, FormError> {
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

/// A day and a time of it: `11-10 14:00`, `明天 9:30`.
pub(super) fn moment(field: &Field, text: &str, today: Date) -> Result<Value, FormError> {
    let example = format!("{today} 14:00");
    let wrong = |problem| FormError { field: field.id.clone(), problem, example: example.clone() };
    let mut words = text.split(|c: char| c.is_whitespace() || c == 'T').filter(|word| !word.is_empty());
    let (Some(date), Some(time), None) = (words.next(), words.next(), words.next()) else {
        return Err(wrong("form.moment"));
    };
    let date = day(date, today).ok_or_else(|| wrong("form.moment"))?;
    let time = clock(time).ok_or_else(|| wrong("form.moment"))?;
    if date < today && !field.allow_past {
        return Err(wrong("form.past"));
    }
    Ok(Value::Moment(format!("{date} {:02}:{:02}", time.hour(), time.minute())))
}

/// `9:30`, also with a Chinese colon.
fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once([':', '：'])?;
    let is_two =
        |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    if !is_two(hour) || minute.len() != 2 || !is_two(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// How many words in front are days and halves of days, at least one.
pub(super) fn words_of_range(words: &[String], today: Date) -> usize {
    let mut days = 0;
    let is_part = |word: &&String| {
        days += usize::from(day(word, today).is_some());
        days <= 2 && (day(word, today).is_some() || half(word).is_some())
    };
    words.iter().take_while(is_part).count().max(1)
}
