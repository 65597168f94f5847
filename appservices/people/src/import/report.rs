//! What people read of a plan: the dry run, and the list again with what became of each row.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Kind, Plan, Rule, StaffList, table};
use crate::{
    DepartmentPath,
    limits::{CHANGES_LISTED_MAX, ERRORS_LISTED_MAX},
};

/// What the words of errors come from: their code, and what fills their gaps.
pub type Say<'a> = &'a dyn Fn(&str, &[(&str, &str)]) -> String;

/// What a dry run is told with, beside the plan.
#[derive(Clone, Copy)]
pub struct Telling<'a> {
    /// The words of errors.
    pub say: Say<'a>,
    /// How many steps of approvals would have nobody in a department.
    pub steps: &'a BTreeMap<DepartmentPath, usize>,
    /// Who can confirm beside the one who looks.
    pub others: &'a str,
}

impl Plan {
    /// The dry run as people read it, line by line.
    #[must_use]
    pub fn summary(&self, list: &StaffList, telling: Telling<'_>) -> String {
        let Telling { say, steps, others } = telling;
        let mut text =
            format!("{} · {:?} · {} rows\n", list.encoding.name(), list.separator, list.rows.len());
        for kind in [Kind::New, Kind::Changed, Kind::Moved, Kind::Left, Kind::Unchanged] {
            let _ = writeln!(text, "{}: {}", kind.name(), self.count(kind));
        }
        let _ = writeln!(text, "错误 errors: {}", self.errors.len());
        for error in self.errors.iter().take(ERRORS_LISTED_MAX) {
            let (column, value, rule) = (error.column.names().0, &error.value, error.rule.advice());
            if error.rule == Rule::RewrittenNumber {
                let row = error.line.to_string();
                let values = [("row", row.as_str()), ("col", column), ("value", value)];
                let _ = writeln!(text, "E402 {}", say("E402", &values));
                continue;
            }
            let _ = writeln!(text, "  第 {} 行 {column}「{value}」{rule}", error.line);
        }
        for change in self.changes.iter().take(CHANGES_LISTED_MAX) {
            let after = &change.after;
            let department = after.departments.first().map_or("", DepartmentPath::as_str);
            let _ = writeln!(text, "  {} {} {} {department}", change.kind.name(), after.id, after.name);
        }
        for path in self.headless.iter().take(ERRORS_LISTED_MAX) {
            let count = steps.get(path).copied().unwrap_or(0).to_string();
            let _ = writeln!(text, "E404 {}", say("E404", &[("path", path.as_str()), ("n", &count)]));
        }
        if let Some((people, percent)) = self.needs_second {
            let (people, percent) = (people.to_string(), percent.to_string());
            let values = [("n", people.as_str()), ("pct", &percent), ("who", others)];
            let _ = writeln!(text, "E403 {}", say("E403", &values));
        }
        text
    }

    /// The list again, with what became of each row (结果, 原因).
    #[must_use]
    pub fn result_file(&self, list: &StaffList) -> String {
        let headings = list.headings.iter().cloned().chain(["结果", "原因"].map(str::to_owned)).collect();
        let rows = list.rows.iter().map(|(line, cells)| {
            let error = self.errors.iter().find(|error| error.line == *line);
            let kind = self.rows.iter().find(|row| row.0 == *line).map_or("", |row| row.1.name());
            let (outcome, cause) = match error {
                Some(error) => ("错误 error", format!("{}: {}", error.column.names().0, error.rule.advice())),
                None => (kind, String::new()),
            };
            let mut all = cells.clone();
            all.resize(list.headings.len().max(all.len()), String::new());
            all.extend([outcome.to_owned(), cause]);
            all
        });
        table(std::iter::once(headings).chain(rows))
    }
}
