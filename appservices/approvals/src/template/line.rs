//! A form in one line.

use super::{Field, FieldKind, Form, FormError, Reader, Template, days::words_of_range, parse_value};

/// Reads a form from one line, field by field in the order of the template. What is not there stays open; the last
/// text takes the rest.
///
/// # Errors
/// [`FormError`] for the first field that does not fit.
pub fn read_line(template: &Template, line: &str, reader: Reader<'_>) -> Result<Form, FormError> {
    let words = words(line);
    let mut rest = words.as_slice();
    let mut form = Form::new();
    let typed: Vec<&Field> = template.form.iter().filter(|field| field.kind.is_one_word()).collect();
    for (place, field) in typed.iter().enumerate() {
        if rest.is_empty() {
            break;
        }
        let is_last = place + 1 == typed.len();
        let take = match field.kind {
            _ if is_last => rest.len(),
            FieldKind::DateRange => words_of_range(rest, reader.today),
            FieldKind::Datetime => 2,
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

/// Words, where quotation marks hold several together.
pub(super) fn words(line: &str) -> Vec<String> {
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
