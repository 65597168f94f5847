//! A form as data for people and programs: what every field and every line of a list holds, in words. What is to be masked
//! is masked, so it may be shown to all who may see the case.

use people::Chart;
use serde_json::{Value as Json, json};

use super::{Field, Form, Template, Value, brief};
use crate::limits::{CARD_FIELDS_MAX, CARD_VALUE_CHARACTERS_MAX, FORM_ON_CARD_BYTES_MAX};

/// The fields that hold something, as JSON: `{"id", "label", "value"}`, and for a list `{"id", "label", "columns", "rows"}`
/// with a text for each cell.
#[must_use]
pub fn form_view(template: &Template, form: &Form, chart: &Chart) -> Json {
    let fields =
        template.form.iter().filter_map(|field| Some(field_view(field, form.get(&field.id)?, chart)));
    Json::Array(fields.collect())
}

fn field_view(field: &Field, value: &Value, chart: &Chart) -> Json {
    let Value::Lines(lines) = value else {
        return json!({ "id": field.id, "label": field.label, "value": brief(field, value, chart) });
    };
    let columns: Vec<Json> =
        field.columns.iter().map(|column| json!({ "id": column.id, "label": column.label })).collect();
    let cell = |line: &Form, column: &Field| {
        line.get(&column.id).map_or_else(String::new, |value| brief(column, value, chart))
    };
    let rows: Vec<Vec<String>> = match field.sensitive {
        true => Vec::new(),
        false => {
            lines.iter().map(|line| field.columns.iter().map(|column| cell(line, column)).collect()).collect()
        }
    };
    json!({ "id": field.id, "label": field.label, "columns": columns, "rows": rows })
}

/// The text of a file with the whole form, where a card does not show it: a value is longer than a line, there are more
/// fields than lines, or all of it is more than [`FORM_ON_CARD_BYTES_MAX`].
#[must_use]
pub fn form_file(no: &str, template: &Template, form: &Form, chart: &Chart) -> Option<String> {
    let is_cut = |field: &Field| {
        let shown = form.get(&field.id).map(|value| brief(field, value, chart));
        shown.is_some_and(|shown| shown.chars().nth(CARD_VALUE_CHARACTERS_MAX).is_some())
    };
    let view = form_view(template, form, chart);
    let is_large = view.to_string().len() > FORM_ON_CARD_BYTES_MAX || form.len() > CARD_FIELDS_MAX;
    if !is_large && !template.form.iter().any(is_cut) {
        return None;
    }
    let file = json!({
        "v": 1, "no": no, "template": template.mark(), "name": template.name, "fields": view,
    });
    Some(file.to_string())
}

/// Whether a form holds something that is to be masked.
#[must_use]
pub fn is_sensitive(template: &Template, form: &Form) -> bool {
    let is_masked = |field: &Field| field.sensitive || field.columns.iter().any(|column| column.sensitive);
    template.form.iter().any(|field| is_masked(field) && form.contains_key(&field.id))
}
