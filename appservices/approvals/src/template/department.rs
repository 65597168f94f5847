//! Whoever works in several departments says in which of them they ask.

use std::sync::Arc;

use people::{DepartmentPath, Person};

use super::{Field, FieldKind, Form, Template, Value, Words};

/// The id of the field for it. The fields of a template have no dot in their ids.
const OWN_DEPARTMENT: &str = "starter.department";

/// The departments in which a person may start a case of a template, in the order of the staff list.
#[must_use]
pub fn departments_to_start(template: &Template, person: &Person) -> Vec<DepartmentPath> {
    let is_in_role = |starter: &String| match starter.split_once(':') {
        Some(("role", role)) => person.roles.contains(role),
        _ => false,
    };
    let may_all = template.starters.is_empty() || template.starters.iter().any(is_in_role);
    let is_meant = |department: &&DepartmentPath| {
        let starters = template.starters.iter().filter_map(|starter| starter.strip_prefix("dept:"));
        let mut above = starters.filter_map(DepartmentPath::parse);
        may_all || above.any(|path| department.is_within(&path))
    };
    person.departments.iter().filter(is_meant).cloned().collect()
}

/// The template as it is for this starter: with a field for the department where there are several to choose from. `label`
/// is what the field is called.
#[must_use]
pub fn for_starter(template: Arc<Template>, starter: &Person, label: Words) -> Arc<Template> {
    let departments = departments_to_start(&template, starter);
    if departments.len() < 2 {
        return template;
    }
    let mut template = Template::clone(&template);
    template.form.push(Field {
        id: OWN_DEPARTMENT.to_owned(),
        kind: FieldKind::Single,
        label,
        required: true,
        options: departments.iter().map(|path| path.as_str().to_owned()).collect(),
        currency: None,
        min: None,
        max: None,
        sensitive: false,
        allow_past: false,
        chooses: None,
        columns: Vec::new(),
        formula: None,
    });
    Arc::new(template)
}

/// The path of the department that was chosen, if one was.
#[must_use]
pub fn chosen_department(form: &Form) -> Option<&str> {
    match form.get(OWN_DEPARTMENT) {
        Some(Value::Choices(chosen)) => chosen.first().map(String::as_str),
        Some(_) | None => None,
    }
}
