//! Lists: lines of a form, each with columns of its own.

use super::{Field, FieldKind, Form, FormError, Reader, Value, line::words, parse_value};
use crate::limits::DETAIL_LINES_MAX;

/// Reads the lines of a list: one a line, or parted by semicolons; its columns are words, the last takes the rest.
pub(super) fn parse(field: &Field, text: &str, reader: Reader<'_>) -> Result<Value, FormError> {
    let example = example(field);
    let wrong = |problem| FormError { field: field.id.clone(), problem, example: example.clone() };
    let rows: Vec<&str> =
        text.split(['\n', ';', '；']).map(str::trim).filter(|row| !row.is_empty()).collect();
    if rows.is_empty() {
        return Err(wrong("form.required"));
    }
    if rows.len() > DETAIL_LINES_MAX {
        return Err(wrong("form.lines"));
    }
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        lines.push(read_row(field, row, reader).map_err(|problem| wrong(problem.unwrap_or("form.row")))?);
    }
    Ok(Value::Lines(lines))
}

/// One line; what is wrong with it.
fn read_row(field: &Field, row: &str, reader: Reader<'_>) -> Result<Form, Option<&'static str>> {
    let words = words(row);
    let mut rest = words.as_slice();
    let mut line = Form::new();
    for (place, column) in field.columns.iter().enumerate() {
        if rest.is_empty() {
            if column.required {
                return Err(None);
            }
            continue;
        }
        let is_last = place + 1 == field.columns.len();
        let taken = match column.kind {
            _ if is_last => rest.len(),
            FieldKind::Datetime => 2,
            _ => 1,
        };
        let (mine, others) = rest.split_at(taken.min(rest.len()));
        let value = parse_value(column, &mine.join(" "), reader).map_err(|error| Some(error.problem))?;
        line.insert(column.id.clone(), value);
        rest = others;
    }
    Ok(line)
}

/// What a line looks like: its columns by name.
fn example(field: &Field) -> String {
    let names = field.columns.iter().map(|column| match column.label.in_language(people::Language::Zh) {
        "" => column.id.as_str(),
        label => label,
    });
    names.collect::<Vec<_>>().join(" ")
}
