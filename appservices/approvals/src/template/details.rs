//! Lists: lines of a form, each with columns of its own.

use super::{Field, FieldKind, Form, FormError, Reader, Value, line::words, parse_value};
use crate::limits::DETAIL_LINES_MAX;

/// Reads the lines of a list: one a line, or parted by semicolons; its columns are words, the last takes the rest.
pub(super) fn parse(field: &Field, text: &str, reader: Reader<'_>) -> Result<Value, FormError> {
    let rows = text.split(['\n', ';', '；']).map(str::trim).filter(|row| !row.is_empty());
    let rows: Vec<Vec<String>> = rows.map(|row| cells_of(field, row)).collect();
    read_rows(field, &rows, reader)
}

/// Reads the lines of a list from their cells, one for each column; an empty cell holds nothing, and neither does a line
/// of empty cells.
///
/// # Errors
/// [`FormError`] for the first line that does not fit.
pub fn read_rows(field: &Field, rows: &[Vec<String>], reader: Reader<'_>) -> Result<Value, FormError> {
    let wrong = |problem| FormError { field: field.id.clone(), problem, example: example(field) };
    let is_filled = |row: &&Vec<String>| row.iter().any(|cell| !cell.trim().is_empty());
    let rows: Vec<&Vec<String>> = rows.iter().filter(is_filled).collect();
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

/// The cells of a line that somebody typed.
fn cells_of(field: &Field, row: &str) -> Vec<String> {
    let words = words(row);
    let mut rest = words.as_slice();
    let mut cells = Vec::with_capacity(field.columns.len());
    for (place, column) in field.columns.iter().enumerate() {
        let is_last = place + 1 == field.columns.len();
        let taken = match column.kind {
            _ if is_last => rest.len(),
            FieldKind::Datetime => 2,
            _ => 1,
        };
        let (mine, others) = rest.split_at(taken.min(rest.len()));
        cells.push(mine.join(" "));
        rest = others;
    }
    cells
}

/// One line; what is wrong with it.
fn read_row(field: &Field, cells: &[String], reader: Reader<'_>) -> Result<Form, Option<&'static str>> {
    let mut line = Form::new();
    for (place, column) in field.columns.iter().enumerate() {
        let cell = cells.get(place).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        let Some(cell) = cell else {
            if column.required {
                return Err(None);
            }
            continue;
        };
        let value = parse_value(column, cell, reader).map_err(|error| Some(error.problem))?;
        line.insert(column.id.clone(), value);
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
