//! Steps where the starter chooses who decides: each is a field of the form as its starter sees it, so it is asked for,
//! typed, shown and recorded as all other fields are.

use std::sync::Arc;

use people::{Chart, Person, PersonId};

use super::{Field, FieldKind, Form, FormError, Step, Template, Value, Who, Words, candidates, is_meant};
use crate::limits::CHOICES_SHOWN_MAX;

/// Begins the ids of these fields. The fields of a template have no dot in their ids.
const CHOICE: &str = "starter.choice.";

/// What parts several people.
const MARKS: [char; 6] = [',', '，', '、', ';', '；', '\n'];

/// For which step people are chosen, and among whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chooses {
    /// The node.
    pub node: String,
    /// Among whom, as the template says it.
    pub from: Vec<String>,
    /// The starter, who cannot be chosen.
    pub starter: PersonId,
}

/// Whom the starter chose for a node.
#[must_use]
pub fn chosen<'a>(form: &'a Form, node: &str) -> &'a [PersonId] {
    match form.get(&format!("{CHOICE}{node}")) {
        Some(Value::People(people)) => people,
        Some(_) | None => &[],
    }
}

/// The template as it is for this starter: with a field for each step where they choose people. `label` is what such a
/// field is called; where there are several, the step stands behind it.
#[must_use]
pub fn with_choices(
    template: Arc<Template>,
    starter: &PersonId,
    chart: &Chart,
    label: &Words,
) -> Arc<Template> {
    let steps: Vec<(String, Vec<String>, u32, u32)> = template
        .flow
        .iter()
        .filter_map(|node| match &node.step {
            Step::Approve { who: Who::StarterChoice { from, min, max }, .. } => {
                Some((node.id.clone(), from.clone(), *min, max.unwrap_or(*min)))
            }
            Step::Approve { .. } | Step::Branch { .. } | Step::Cc { .. } => None,
        })
        .collect();
    if steps.is_empty() {
        return template;
    }
    let are_several = steps.len() > 1;
    let mut template = Template::clone(&template);
    for (node, from, min, max) in steps {
        let behind = |label: &str| if are_several { format!("{label} {node}") } else { label.to_owned() };
        let label = Words { zh: behind(&label.zh), en: behind(&label.en) };
        // One more than are shown, and the starter.
        let some = candidates(&from, chart, CHOICES_SHOWN_MAX + 2);
        let others = some.iter().filter(|person| person.id != *starter);
        let names: Vec<String> = others.map(|person| person.name.clone()).collect();
        template.form.push(Field {
            id: format!("{CHOICE}{node}"),
            kind: FieldKind::People,
            label,
            required: true,
            // A whole company is not listed.
            options: if names.len() > CHOICES_SHOWN_MAX { Vec::new() } else { names },
            currency: None,
            min: Some(i64::from(min)),
            max: Some(i64::from(max)),
            sensitive: false,
            allow_past: false,
            columns: Vec::new(),
            formula: None,
            chooses: Some(Chooses { node, from, starter: starter.clone() }),
        });
    }
    Arc::new(template)
}

/// Reads whom somebody typed: names, accounts or employee numbers, parted by marks or spaces.
pub(super) fn read_people(field: &Field, text: &str, chart: &Chart) -> Result<Value, FormError> {
    let wrong = |problem| FormError { field: field.id.clone(), problem, example: example(field) };
    let mut people: Vec<PersonId> = Vec::new();
    for part in text.split(MARKS).map(str::trim).filter(|part| !part.is_empty()) {
        // A name may have spaces in it.
        let names = match chart.called(part).is_empty() {
            true => part.split_whitespace().collect(),
            false => vec![part],
        };
        for name in names {
            let found = chart.called(name);
            let person = match found.as_slice() {
                [person] => person,
                [] => return Err(wrong("form.nobody")),
                _ => return Err(wrong("form.several")),
            };
            match &field.chooses {
                Some(chooses) if chooses.starter == person.id => return Err(wrong("form.own_choice")),
                Some(chooses) if !is_meant(&chooses.from, person) => return Err(wrong("form.not_offered")),
                Some(_) | None => {}
            }
            if !people.contains(&person.id) {
                people.push(person.id.clone());
            }
        }
    }
    let count = i64::try_from(people.len()).unwrap_or(i64::MAX);
    let (least, most) = (field.min.unwrap_or(1), field.max.unwrap_or(i64::MAX));
    if (least..=most).contains(&count) {
        return Ok(Value::People(people));
    }
    let example = if least == most { least.to_string() } else { format!("{least}–{most}") };
    Err(FormError { field: field.id.clone(), problem: "form.how_many", example })
}

/// Who could be chosen.
fn example(field: &Field) -> String {
    let least = field.min.and_then(|min| usize::try_from(min).ok()).unwrap_or(1);
    let names: Vec<&str> = field.options.iter().take(least).map(String::as_str).collect();
    if names.is_empty() { "@lisi".to_owned() } else { names.join("、") }
}

/// Takes whom a line names at its end from it: the words with an @, and the names of those whom it mentions. Gives the
/// rest of the line, and what the fields for it hold then.
///
/// # Errors
/// [`FormError`] for who cannot be chosen.
pub fn read_choices<'l>(
    template: &Template,
    line: &'l str,
    mentioned: &[&Person],
    chart: &Chart,
) -> Result<(&'l str, Form), FormError> {
    let mut form = Form::new();
    let fields: Vec<&Field> = template.form.iter().filter(|field| field.chooses.is_some()).collect();
    let mut names: Vec<&str> = Vec::new();
    let mut rest = line.trim_end();
    let mut ends = vec![rest];
    while let Some(name) = last_name(rest, mentioned).filter(|_| !fields.is_empty()) {
        let (before, name) = rest.split_at(rest.len() - name.len());
        names.insert(0, name.trim_end_matches(MARKS));
        rest = before.trim_end();
        ends.push(rest);
    }
    // Somebody whom the form itself asks for comes before those who are chosen.
    let last_typed = template.form.iter().rfind(|field| field.kind.is_one_word() && !field.id.contains('.'));
    if last_typed.is_some_and(|field| field.kind == FieldKind::Contact) && !names.is_empty() {
        names.remove(0);
        rest = ends.get(names.len()).copied().unwrap_or(rest);
    }
    let mut names = names.as_slice();
    for (place, field) in fields.iter().enumerate() {
        let most = field.max.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
        let is_last = place + 1 == fields.len();
        let (mine, others) = names.split_at(if is_last { names.len() } else { most.min(names.len()) });
        names = others;
        if !mine.is_empty() {
            form.insert(field.id.clone(), read_people(field, &mine.join("，"), chart)?);
        }
    }
    Ok((rest, form))
}

/// The person that a line ends with: a word with an @, or the name of somebody whom it mentions.
fn last_name<'l>(line: &'l str, mentioned: &[&Person]) -> Option<&'l str> {
    let stands_alone = |name: &&str| {
        line.strip_suffix(name)
            .is_some_and(|before| before.is_empty() || before.ends_with(char::is_whitespace))
    };
    let mut names = mentioned.iter().map(|person| person.name.as_str()).filter(|name| !name.is_empty());
    if let Some(name) = names.find(stands_alone) {
        return line.get(line.len() - name.len()..);
    }
    let word = line.rsplit(char::is_whitespace).next()?;
    (word.starts_with('@') && word.len() > 1).then_some(word)
}
