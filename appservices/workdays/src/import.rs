//! Reading a calendar file: CSV with the columns 日期/date, 类型/type and, if one likes, 名称/name.
//!
//! A file with a mistake changes nothing: half a calendar would be believed.

use std::collections::BTreeMap;

use encoding_rs::GB18030;
use jiff::civil::Date;

use crate::{
    SpecialDay, WorkdaysError,
    limits::{FILE_BYTES_MAX, FILE_DAYS_MAX, NAME_CHARACTERS_MAX, PROBLEMS_LISTED_MAX},
};

/// Reads the days of a file, ordered and each once.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<SpecialDay>, WorkdaysError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(refused(format!("the file is larger than {FILE_BYTES_MAX} bytes")));
    }
    let text = decoded(bytes)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(true).flexible(true).from_reader(text.as_bytes());
    let headings =
        reader.headers().map_err(|error| refused(format!("the file is not CSV: {error}")))?.clone();
    let place = |names: &[&str]| {
        headings.iter().position(|heading| names.contains(&heading.trim().to_lowercase().as_str()))
    };
    let (date, kind) = (place(&["日期", "date"]), place(&["类型", "type", "kind"]));
    let name = place(&["名称", "节日", "name"]);
    let (Some(date), Some(kind)) = (date, kind) else {
        return Err(refused("the first line must name the columns 日期/date and 类型/type".to_owned()));
    };
    let mut days: BTreeMap<Date, SpecialDay> = BTreeMap::new();
    let mut problems = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| refused(format!("the file is not CSV: {error}")))?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |place: usize| row.get(place).unwrap_or_default().trim();
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let name = name.map_or("", cell);
        match day(cell(date), cell(kind), name) {
            Ok(day) if days.len() < FILE_DAYS_MAX => match days.get(&day.date) {
                Some(known) if known.is_worked != day.is_worked => {
                    problems.push(format!("line {line}: {} is given twice, as both kinds", day.date));
                }
                Some(_) | None => drop(days.insert(day.date, day)),
            },
            Ok(_) => return Err(refused(format!("more than {FILE_DAYS_MAX} days; import them in parts"))),
            Err(problem) => problems.push(format!("line {line}: {problem}")),
        }
    }
    if !problems.is_empty() {
        let all = problems.len();
        problems.truncate(PROBLEMS_LISTED_MAX);
        return Err(refused(format!("nothing was imported; {all} mistakes:\n{}", problems.join("\n"))));
    }
    if days.is_empty() {
        return Err(refused("the file names no day".to_owned()));
    }
    Ok(days.into_values().collect())
}

fn day(date: &str, kind: &str, name: &str) -> Result<SpecialDay, String> {
    let parsed = date.replace('/', "-").parse::<Date>().ok().filter(|date| date.year() >= 1970);
    let parsed = parsed.ok_or_else(|| format!("{date:?} is no date like 2026-10-01"))?;
    let is_worked = match kind.to_lowercase().as_str() {
        "休" | "假" | "节假日" | "放假" | "holiday" | "off" => false,
        "班" | "补班" | "调休上班" | "上班" | "workday" | "work" => true,
        _ => return Err(format!("{kind:?} is neither 休/holiday nor 班/workday")),
    };
    let name = name.chars().filter(|c| !c.is_control()).take(NAME_CHARACTERS_MAX).collect();
    Ok(SpecialDay { date: parsed, is_worked, name })
}

/// UTF-8, or what Chinese spreadsheets write.
fn decoded(bytes: &[u8]) -> Result<String, WorkdaysError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let (text, _, has_errors) = GB18030.decode(bytes);
    if has_errors {
        return Err(refused("the file is neither UTF-8 nor GB18030".to_owned()));
    }
    Ok(text.into_owned())
}

fn refused(problem: String) -> WorkdaysError {
    WorkdaysError::File(problem)
}
