//! What conditions can ask for: the form, and the starter.

use people::{DepartmentPath, Person};

use super::{Facts, Form, Literal, Template, Value};

/// What conditions are asked of.
#[must_use]
pub fn facts(template: &Template, form: &Form) -> Facts {
    let mut facts = Facts::new();
    for (id, value) in form {
        let held = match value {
            Value::Text(text) | Value::Date(text) | Value::Moment(text) | Value::Department(text) => {
                vec![Literal::Text(text.clone())]
            }
            Value::Number(number) => vec![as_number(*number)],
            Value::Range { days, halves, .. } => {
                let hours = days.saturating_mul(8).saturating_add(halves.saturating_mul(4));
                facts.insert(format!("{id}.hours"), vec![as_number(hours)]);
                facts.insert(format!("{id}.days"), vec![eighths(hours)]);
                continue;
            }
            Value::Choices(chosen) => chosen.iter().cloned().map(Literal::Text).collect(),
            Value::Person(person) => vec![Literal::Text(person.0.clone())],
            Value::People(people) => people.iter().map(|person| Literal::Text(person.0.clone())).collect(),
            Value::Lines(lines) => vec![as_number(i64::try_from(lines.len()).unwrap_or(i64::MAX))],
            Value::Files(files) => vec![as_number(i64::try_from(files.len()).unwrap_or(i64::MAX))],
        };
        if template.field(id).is_some() {
            facts.insert(id.clone(), held);
        }
    }
    facts
}

/// What conditions know of the starter. A department counts as every one above it, too.
#[must_use]
pub fn starter_facts(starter: &Person, department: &DepartmentPath) -> Facts {
    let text = |text: &str| Literal::Text(text.to_owned());
    let mut departments = Vec::new();
    let mut above = Some(department.clone());
    while let Some(path) = above {
        departments.extend([text(path.as_str()), text(&format!("/{}", path.as_str()))]);
        above = path.parent();
    }
    let mut facts = Facts::from([("starter.dept".to_owned(), departments)]);
    facts.insert("starter.role".to_owned(), starter.roles.iter().map(|role| text(role)).collect());
    facts.extend(starter.level.map(|level| ("starter.level".to_owned(), vec![as_number(i64::from(level))])));
    facts
}

/// Days of eight hours.
fn eighths(hours: i64) -> Literal {
    match as_number(hours) {
        Literal::Number(hours) => Literal::Number(hours / 8.0),
        other @ Literal::Text(_) => other,
    }
}

/// Form numbers are below 2^53, where every whole number is exact.
fn as_number(number: i64) -> Literal {
    #[expect(clippy::cast_precision_loss, reason = "numbers of forms are below 2^53")]
    Literal::Number(number as f64)
}
