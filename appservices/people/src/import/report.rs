//! What people read of a plan: the dry run, and the list again with what became of each row.

use std::collections::BTreeMap;

use super::{Kind, Plan, RowError, Rule, StaffList, table};
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

/// A word of the table; both languages in one line where it is in both.
fn word(say: Say<'_>, key: &str) -> String {
    word_with(say, key, &[])
}

impl Plan {
    /// The dry run as people read it, line by line.
    #[must_use]
    pub fn summary(&self, list: &StaffList, telling: Telling<'_>) -> String {
        let Telling { say, steps, others } = telling;
        let (separator, rows) = (format!("{:?}", list.separator), list.rows.len().to_string());
        let values = [("encoding", list.encoding.name()), ("separator", &separator), ("rows", &rows)];
        let mut lines = vec![say("org.import.head", &values)];
        for kind in [Kind::New, Kind::Changed, Kind::Moved, Kind::Left, Kind::Unchanged] {
            lines.push(format!("{}: {}", word(say, kind.name()), self.count(kind)));
        }
        if !self.notes.is_empty() {
            lines.push(format!("{}: {}", word(say, "org.import.departments"), self.notes.len()));
        }
        lines.push(format!("{}: {}", word(say, "org.import.errors"), self.errors.len()));
        lines.extend(self.errors.iter().take(ERRORS_LISTED_MAX).map(|error| told(error, list, say)));
        for change in self.changes.iter().take(CHANGES_LISTED_MAX) {
            let (after, kind) = (&change.after, word(say, change.kind.name()));
            let department = after.departments.first().map_or("", DepartmentPath::as_str);
            lines.push(format!("  {kind} {} {} {department}", after.id, after.name));
        }
        for path in self.headless.iter().take(ERRORS_LISTED_MAX) {
            let count = steps.get(path).copied().unwrap_or(0).to_string();
            lines.push(format!("E404 {}", say("E404", &[("path", path.as_str()), ("n", &count)])));
        }
        if let Some((people, percent)) = self.needs_second {
            let (people, percent) = (people.to_string(), percent.to_string());
            let values = [("n", people.as_str()), ("pct", &percent), ("who", others)];
            lines.push(format!("E403 {}", say("E403", &values)));
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// The list again, with what became of each row (结果, 原因; in a list with English headings: result, reason).
    #[must_use]
    pub fn result_file(&self, list: &StaffList, say: Say<'_>) -> String {
        let added = [("结果", "result"), ("原因", "reason")].map(|names| list.worded(names).to_owned());
        let headings = list.headings.iter().cloned().chain(added).collect();
        let rows = list.rows.iter().map(|(line, cells)| {
            let error = self.errors.iter().find(|error| error.line == *line);
            let kind = self.rows.iter().find(|row| row.0 == *line);
            let (outcome, cause) = match (error, kind) {
                (Some(error), _) => {
                    let advice = word(say, error.rule.advice());
                    (word(say, "org.import.error"), format!("{}: {advice}", list.heading(error.column)))
                }
                (None, Some((_, kind))) => (word(say, kind.name()), String::new()),
                (None, None) => Default::default(),
            };
            let mut all = cells.clone();
            all.resize(list.headings.len().max(all.len()), String::new());
            all.extend([outcome, cause]);
            all
        });
        table(std::iter::once(headings).chain(rows))
    }
}

/// A row that is passed over, and why.
fn told(error: &RowError, list: &StaffList, say: Say<'_>) -> String {
    let (row, column) = (error.line.to_string(), list.heading(error.column));
    if error.rule == Rule::RewrittenNumber {
        let values = [("row", row.as_str()), ("col", column), ("value", &error.value)];
        return format!("E402 {}", say("E402", &values));
    }
    let advice = word(say, error.rule.advice());
    let values = [("row", row.as_str()), ("col", column), ("value", &error.value), ("advice", &advice)];
    format!("  {}", word_with(say, "org.import.row", &values))
}

/// A text of the table in one line.
fn word_with(say: Say<'_>, key: &str, values: &[(&str, &str)]) -> String {
    say(key, values).replace('\n', " ")
}
