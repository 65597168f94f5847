//! What stands in the inputs of a form, and what it means: read by the same rules as a dialogue.

use std::collections::HashMap;

use people::{Chart, PersonId};

use crate::{
    limits::{DETAIL_LINES_MAX, FORM_EMPTY_LINES, FORM_INPUTS_MAX},
    template::{Field, FieldKind, Form, FormError, Reader, Template, Value, parse_value, read_rows},
};

/// What stands in the inputs, by their names.
#[derive(Debug, Default)]
pub(crate) struct Typed(HashMap<String, Vec<String>>);

/// The name of the only input of a field.
pub(super) fn name(field: &Field) -> String {
    format!("f.{}", field.id)
}

/// The name of the input of one part of a field.
pub(super) fn part(field: &Field, part: &str) -> String {
    format!("f.{}.{part}", field.id)
}

/// The name of the input of one cell of a list.
pub(super) fn cell(field: &Field, row: usize, column: usize) -> String {
    format!("f.{}.{row}.{column}", field.id)
}

impl Typed {
    /// What a browser sent. Nothing for more inputs than any form has.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        let mut typed = Self::default();
        for (place, (name, value)) in form_urlencoded::parse(body).enumerate() {
            if place >= FORM_INPUTS_MAX {
                return None;
            }
            typed.0.entry(name.into_owned()).or_default().push(value.replace("\r\n", "\n"));
        }
        Some(typed)
    }

    /// What a case holds. What is masked elsewhere does not leave the server.
    pub fn of_form(template: &Template, form: &Form, chart: &Chart) -> Self {
        let mut typed = Self::default();
        for field in template.form.iter().filter(|field| !field.sensitive) {
            if let Some(value) = form.get(&field.id) {
                typed.hold(field, value, chart);
            }
        }
        typed
    }

    fn hold(&mut self, field: &Field, value: &Value, chart: &Chart) {
        match value {
            Value::Range { from, to, starts_at_noon, ends_at_noon, .. } => {
                self.set(part(field, "from"), from.clone());
                self.set(part(field, "to"), to.clone());
                self.set(part(field, "starts"), if *starts_at_noon { "pm" } else { "" }.to_owned());
                self.set(part(field, "ends"), if *ends_at_noon { "am" } else { "" }.to_owned());
            }
            Value::Choices(chosen) => {
                let place = |chosen: &String| field.options.iter().position(|option| option == chosen);
                let numbers = chosen.iter().filter_map(place).map(|place| (place + 1).to_string());
                self.0.insert(name(field), numbers.collect());
            }
            Value::Lines(lines) => {
                for (row, line) in lines.iter().enumerate() {
                    for (place, column) in field.columns.iter().enumerate() {
                        let text = line.get(&column.id).map(|value| text_of(column, value, chart));
                        self.set(cell(field, row, place), text.unwrap_or_default());
                    }
                }
                self.set(part(field, "rows"), (lines.len() + FORM_EMPTY_LINES).to_string());
            }
            Value::Text(_)
            | Value::Number(_)
            | Value::Date(_)
            | Value::Person(_)
            | Value::People(_)
            | Value::Moment(_)
            | Value::Department(_) => self.set(name(field), text_of(field, value, chart)),
            Value::Files(_) => {}
        }
    }

    fn set(&mut self, name: String, text: String) {
        self.0.insert(name, vec![text]);
    }

    /// What stands in the input of this name; the first of several.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(|texts| texts.first()).map_or("", |text| text.trim())
    }

    /// Whether this is chosen in the inputs of this name.
    pub fn is_chosen(&self, name: &str, value: &str) -> bool {
        self.0.get(name).is_some_and(|texts| texts.iter().any(|text| text == value))
    }

    /// How many lines of a list there are to be filled in.
    pub fn rows(&self, field: &Field) -> usize {
        let asked: usize = self.text(&part(field, "rows")).parse().unwrap_or(FORM_EMPTY_LINES);
        asked.clamp(FORM_EMPTY_LINES, DETAIL_LINES_MAX)
    }

    /// More lines for a list, as many as it may have.
    pub fn more_rows(&mut self, field: &Field) {
        let rows = self.rows(field).saturating_add(FORM_EMPTY_LINES).min(DETAIL_LINES_MAX);
        self.set(part(field, "rows"), rows.to_string());
    }

    /// What a field is to hold; nothing where nothing was typed.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn read(&self, field: &Field, reader: Reader<'_>) -> Option<Result<Value, FormError>> {
        let text = match field.kind {
            FieldKind::List => return self.read_list(field, reader),
            FieldKind::DateRange => {
                let ends = [("from", "starts"), ("to", "ends")].map(|(day, half)| {
                    let day = self.text(&part(field, day));
                    // Half of a day that was not said is nothing.
                    let half = if day.is_empty() { "" } else { self.text(&part(field, half)) };
                    format!("{day} {half}")
                });
                ends.join(" ")
            }
            FieldKind::Multi => {
                let chosen = self.0.get(&name(field)).map(|chosen| chosen.join(","));
                chosen.unwrap_or_default()
            }
            FieldKind::Attachment | FieldKind::Image | FieldKind::Formula => return None,
            FieldKind::Text
            | FieldKind::Textarea
            | FieldKind::Number
            | FieldKind::Amount
            | FieldKind::Date
            | FieldKind::Single
            | FieldKind::Contact
            | FieldKind::People
            | FieldKind::Phone
            | FieldKind::Link
            | FieldKind::Datetime
            | FieldKind::Department => self.text(&name(field)).to_owned(),
        };
        (!text.trim().is_empty()).then(|| parse_value(field, &text, reader))
    }

    fn read_list(&self, field: &Field, reader: Reader<'_>) -> Option<Result<Value, FormError>> {
        let cells =
            |row| (0..field.columns.len()).map(move |column| self.text(&cell(field, row, column)).to_owned());
        let rows: Vec<Vec<String>> = (0..self.rows(field)).map(|row| cells(row).collect()).collect();
        let is_empty = rows.iter().flatten().all(String::is_empty);
        (!is_empty).then(|| read_rows(field, &rows, reader))
    }
}

/// A value as it can be typed again.
fn text_of(field: &Field, value: &Value, chart: &Chart) -> String {
    match value {
        Value::Text(text) | Value::Date(text) | Value::Department(text) => text.clone(),
        Value::Moment(text) => text.replace(' ', "T"),
        Value::Number(minor) if field.kind == FieldKind::Amount => {
            format!("{}.{:02}", minor / 100, minor % 100)
        }
        Value::Number(number) => number.to_string(),
        Value::Person(id) => account_of(id, chart),
        Value::People(ids) => ids.iter().map(|id| account_of(id, chart)).collect::<Vec<_>>().join("，"),
        Value::Choices(chosen) => chosen.join("、"),
        Value::Range { .. } | Value::Lines(_) | Value::Files(_) => String::new(),
    }
}

/// The account of a person, which is nobody else's; the employee number of who has none.
fn account_of(id: &PersonId, chart: &Chart) -> String {
    let account = chart.person(id).and_then(|person| person.account.as_ref());
    account.map_or_else(|| id.0.clone(), ToString::to_string)
}
