//! What forms hold, and what is wrong with them.

use std::collections::BTreeMap;

use cases::Refusal;
use people::{Language, PersonId};
use serde::{Deserialize, Serialize};

use super::{Field, FieldKind, Template};
use crate::limits::FILES_MAX;

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
    /// People whom the starter chose.
    People(Vec<PersonId>),
    /// Files.
    Files(Vec<File>),
    /// A day and a time, `2026-11-10 14:00`, where the case lives.
    Moment(String),
    /// The path of a department.
    Department(String),
    /// Lines of a list, each with its columns.
    Lines(Vec<Form>),
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
    /// Its type, as its sender says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mimetype: String,
}

impl File {
    fn is_image(&self) -> bool {
        self.mimetype.starts_with("image/")
    }
}

/// Characters of a hash that people compare at a glance.
const HASH_CHARACTERS: usize = 4;

/// The beginning of a hash, without how it was made.
#[must_use]
pub fn short_hash(sha256: &str) -> String {
    sha256.trim_start_matches("sha256:").chars().take(HASH_CHARACTERS).collect()
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

/// The required fields that are still open. What is calculated is never asked for.
#[must_use]
pub fn missing<'a>(template: &'a Template, form: &Form) -> Vec<&'a Field> {
    let open = |field: &&Field| match form.get(&field.id) {
        Some(Value::Files(files)) => files.is_empty(),
        Some(Value::Lines(lines)) => lines.is_empty(),
        Some(Value::People(people)) => people.is_empty(),
        Some(_) => false,
        None => true,
    };
    let asked = template.form.iter().filter(|field| field.required && field.kind != FieldKind::Formula);
    asked.filter(open).collect()
}

/// Adds a file to the first field for such files that has room: pictures to fields of pictures first, everything else to
/// fields of files alone.
///
/// # Errors
/// [`FormError`] when the form has no such field, or no room in any.
pub fn add_file(template: &Template, form: &mut Form, file: File) -> Result<(), FormError> {
    let of_kind = |kind| template.form.iter().filter(move |field: &&Field| field.kind == kind);
    let images = of_kind(FieldKind::Image).filter(|_| file.is_image());
    let fields: Vec<&Field> = images.chain(of_kind(FieldKind::Attachment)).collect();
    if fields.is_empty() {
        let needs_image = of_kind(FieldKind::Image).next();
        let problem = if needs_image.is_some() { "form.image" } else { "form.no_file" };
        let field = needs_image.map(|field| field.id.clone()).unwrap_or_default();
        return Err(FormError { field, problem, example: "-".to_owned() });
    }
    let most = |field: &Field| {
        field.max.and_then(|max| usize::try_from(max).ok()).unwrap_or(FILES_MAX).min(FILES_MAX)
    };
    for field in &fields {
        let held = form.entry(field.id.clone()).or_insert_with(|| Value::Files(Vec::new()));
        if let Value::Files(files) = held
            && files.len() < most(field)
        {
            files.push(file);
            return Ok(());
        }
    }
    let last = fields.last().map_or((String::new(), 0), |field| (field.id.clone(), most(field)));
    Err(FormError { field: last.0, problem: "form.files", example: last.1.to_string() })
}
