//! Whether the form of a template can be published.

use std::collections::BTreeSet;

use super::{Field, FieldKind, check::Checking, formula::Formula};
use crate::limits::COLUMNS_MAX;

impl Checking<'_> {
    /// What is wrong with the fields of the form.
    pub fn form(&mut self) {
        let mut ids = BTreeSet::new();
        for field in &self.template.form {
            if field.id.is_empty() || field.id.contains('.') || !ids.insert(&field.id) {
                self.wrong(&field.id, "problem.field_id");
            }
            let chooses = matches!(field.kind, FieldKind::Single | FieldKind::Multi);
            if chooses && field.options.is_empty() {
                self.wrong(&field.id, "problem.options");
            }
            self.columns(field);
            self.formula(field);
        }
    }

    fn columns(&mut self, field: &Field) {
        if (field.kind == FieldKind::List) == field.columns.is_empty() {
            self.wrong(&field.id, "problem.columns");
        }
        let mut ids = BTreeSet::new();
        for column in &field.columns {
            let fits = !column.kind.is_file()
                && !matches!(column.kind, FieldKind::List | FieldKind::Formula | FieldKind::DateRange);
            if !fits || column.id.is_empty() || !ids.insert(&column.id) {
                self.wrong_with(&field.id, "problem.column", [("what", column.id.clone())]);
            }
            if matches!(column.kind, FieldKind::Single | FieldKind::Multi) && column.options.is_empty() {
                self.wrong(&column.id, "problem.options");
            }
        }
        if field.columns.len() > COLUMNS_MAX {
            self.wrong_with(&field.id, "problem.columns_many", [("max", COLUMNS_MAX.to_string())]);
        }
    }

    fn formula(&mut self, field: &Field) {
        let formula = match (&field.formula, field.kind == FieldKind::Formula) {
            (None, false) => return,
            (Some(text), true) => Formula::parse(text),
            (None, true) | (Some(_), false) => {
                return self.wrong(&field.id, "problem.formula");
            }
        };
        let formula = match formula {
            Ok(formula) => formula,
            Err(problem) => {
                return self.wrong_with(&field.id, "problem.formula_form", [("problem", problem.to_owned())]);
            }
        };
        let is_number = |kind| matches!(kind, FieldKind::Number | FieldKind::Amount);
        for (name, part, is_sum) in formula.names() {
            let found = self.template.field(name);
            let fits = found.is_some_and(|found| match (part, is_sum) {
                (None, _) => is_number(found.kind),
                (Some(part), false) => found.kind == FieldKind::DateRange && matches!(part, "days" | "hours"),
                (Some(column), true) => {
                    found.columns.iter().any(|other| other.id == column && is_number(other.kind))
                }
            });
            if !fits {
                self.wrong_with(&field.id, "problem.calculated", [("what", name.to_owned())]);
            }
        }
    }
}
