//! A form as a reply: a line for each field, its name in front of a colon.

use people::Language;

use super::{Field, Form, FormError, Reader, Template, parse_value};

/// Reads what somebody filled in behind the names of fields. Further lines belong to the field above them; what is empty
/// stays as it is. Nothing where the text does not begin with the name of a field.
///
/// # Errors
/// A [`FormError`] for each field that does not fit.
pub fn read_reply(
    template: &Template,
    text: &str,
    reader: Reader<'_>,
) -> Option<Result<Form, Vec<FormError>>> {
    let mut said: Vec<(&Field, String)> = Vec::new();
    for line in text.lines() {
        match (named(template, line), said.last_mut()) {
            (Some((field, rest)), _) => said.push((field, rest.trim().to_owned())),
            (None, Some((_, text))) => {
                text.push('\n');
                text.push_str(line);
            }
            (None, None) if line.trim().is_empty() => {}
            (None, None) => return None,
        }
    }
    if said.is_empty() {
        return None;
    }
    let (mut form, mut errors) = (Form::new(), Vec::new());
    for (field, text) in said.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
        match parse_value(field, &text, reader) {
            Ok(value) => drop(form.insert(field.id.clone(), value)),
            Err(error) => errors.push(error),
        }
    }
    Some(if errors.is_empty() { Ok(form) } else { Err(errors) })
}

/// The field that a line begins with, and what stands behind the colon. What is in brackets behind the name is a hint.
fn named<'a, 'b>(template: &'a Template, line: &'b str) -> Option<(&'a Field, &'b str)> {
    let (name, rest) = line.split_once([':', '：'])?;
    let name = name.split(['(', '（']).next().unwrap_or_default().trim();
    let is_meant = |field: &&Field| {
        let labels = [Language::Zh, Language::En].map(|language| field.label.in_language(language));
        labels
            .into_iter()
            .chain([field.id.as_str()])
            .any(|own| !own.is_empty() && own.eq_ignore_ascii_case(name))
    };
    template.form.iter().filter(|field| field.kind.is_typed()).find(is_meant).map(|field| (field, rest))
}
