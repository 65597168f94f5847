//! A case on paper: what was asked for, who decided what and when, and the two ends of the chain of its records.

mod writer;

use cases::{Broken, Case, Verified};
use kit::texts::Pen;
use workdays::local;

use self::writer::cut;
pub(crate) use self::writer::{Line, written};
use crate::{
    card::{in_words, names_in, word_of},
    desk::World,
    instance::{Instance, Task, TaskState},
    limits::{PAPER_LINES_MAX, PAPER_STEPS_CHARACTERS_MAX},
    template::{Field, File, Form, Value},
};

/// What is printed, beside the case.
pub(crate) struct Printing<'a> {
    pub world: World<'a>,
    pub pen: Pen<'a>,
    /// What became of its chain of records.
    pub chain: &'a Result<Verified, Broken>,
    /// Whether what is masked on cards is printed.
    pub sees_all: bool,
}

/// The lines of a case on paper.
pub(crate) fn paper_of(case: &Case<Instance>, printing: &Printing<'_>) -> Vec<Line> {
    let Printing { world, pen, .. } = printing;
    let name = world.template.name.in_language(names_in(pen.lang));
    let mut lines = vec![Line::Title(format!("{} {name}", case.no))];
    let pair = |key: &str, value: &str| {
        let label = pen.say(key, &[]);
        Line::Text(pen.say("paper.pair", &[("label", &label), ("value", value)]))
    };
    lines.push(pair("paper.state", &pen.say(word_of(&case.state), &[])));
    let starter = format!("{} ({})", world.name(&case.data.starter), case.data.department.as_str());
    lines.push(pair("paper.starter", &starter));
    lines.push(pair("paper.begun", &moment(world, case.created_ms)));
    lines.push(Line::Heading(pen.say("paper.form", &[])));
    lines.extend(form_lines(case, printing));
    for added in &case.data.enclosures {
        lines.push(pair("paper.added", &file_line(&added.file)));
    }
    lines.push(Line::Heading(pen.say("paper.steps", &[])));
    lines.extend(step_lines(case, printing));
    if let Some((who, reason)) = &case.data.note {
        let note = [("who", world.name(who)), ("reason", reason.clone())];
        let note = note.each_ref().map(|(name, value)| (*name, value.as_str()));
        lines.push(Line::Text(pen.say("card.note", &note)));
    }
    lines.push(Line::Heading(pen.say("paper.records", &[])));
    match printing.chain {
        Ok(good) => {
            lines.push(pair("paper.count", &good.records.to_string()));
            lines.push(pair("paper.first", &good.first));
            lines.push(pair("paper.last", &good.last));
        }
        Err(broken) => {
            let (fault, what) = broken.fault.words();
            let (seq, fault) = (broken.seq.to_string(), pen.say(fault, &[("what", what)]));
            let values = [("no", case.no.as_str()), ("seq", &seq), ("fault", &fault)];
            lines.push(Line::Text(pen.say("verify.broken", &values)));
        }
    }
    lines
}

/// The form, as far as there is room for it: what follows has to be on the paper in any case.
fn form_lines(case: &Case<Instance>, printing: &Printing<'_>) -> Vec<Line> {
    let form = &printing.world.template.form;
    let filled = form.iter().filter_map(|field| Some((field, case.data.form.get(&field.id)?)));
    let mut lines: Vec<Line> =
        filled.flat_map(|(field, value)| field_lines(field, value, printing)).collect();
    let mut room = PAPER_LINES_MAX;
    let fits = |line: &&Line| {
        let left = room.checked_sub(line.rows());
        room = left.unwrap_or(0);
        left.is_some()
    };
    let shown = lines.iter().take_while(fits).count();
    let further = lines.len() - shown;
    lines.truncate(shown);
    if further > 0 {
        lines.push(Line::Text(printing.pen.say("paper.more", &[("count", &further.to_string())])));
    }
    lines
}

/// A field with its value; of a list a line for each of its own.
fn field_lines(field: &Field, value: &Value, printing: &Printing<'_>) -> Vec<Line> {
    let mut field = field.clone();
    if printing.sees_all {
        field.sensitive = false;
        field.columns.iter_mut().for_each(|column| column.sensitive = false);
    }
    let label = match field.label.in_language(names_in(printing.pen.lang)) {
        "" => &field.id,
        label => label,
    };
    let labelled =
        |value: &str| Line::Text(printing.pen.say("paper.pair", &[("label", label), ("value", value)]));
    let chart = printing.world.chart;
    match value {
        Value::Lines(rows) if !field.sensitive => {
            let mut lines = vec![labelled(&rows.len().to_string())];
            let numbered = rows.iter().zip(1..);
            lines.extend(numbered.map(|(row, number): (&Form, usize)| {
                Line::Text(format!("  {number}. {}", cells(&field, row, printing)))
            }));
            lines
        }
        Value::Files(files) if !field.sensitive => {
            files.iter().map(|file| labelled(&file_line(file))).collect()
        }
        _ => vec![labelled(&in_words(&field, value, chart, printing.pen))],
    }
}

fn cells(field: &Field, row: &Form, printing: &Printing<'_>) -> String {
    let Printing { world, pen, .. } = printing;
    let cell = |column: &Field| Some(in_words(column, row.get(&column.id)?, world.chart, *pen));
    field.columns.iter().filter_map(cell).collect::<Vec<_>>().join(" · ")
}

fn file_line(file: &File) -> String {
    format!("{} ({})", file.name, file.sha256)
}

/// Every step. Where all of them together are too long, each has the same share.
fn step_lines(case: &Case<Instance>, printing: &Printing<'_>) -> Vec<Line> {
    let asked = case.data.tasks.iter().filter(|task| task.state != TaskState::Waiting);
    let steps: Vec<String> = asked.map(|task| step_line(task, printing)).collect();
    let characters: usize = steps.iter().map(|step| step.chars().count()).sum();
    let share = match characters <= PAPER_STEPS_CHARACTERS_MAX {
        true => characters,
        false => PAPER_STEPS_CHARACTERS_MAX / steps.len(),
    };
    steps.iter().map(|step| Line::Text(cut(step, share))).collect()
}

/// Who was asked at which step, and what came of it.
fn step_line(task: &Task, printing: &Printing<'_>) -> String {
    let Printing { world, pen, .. } = printing;
    let mut parts = vec![task.node.clone(), world.name(&task.owner)];
    match &task.decided {
        Some(decided) => {
            let is_sent_back = task.state == TaskState::Returned && !task.sends_back();
            if decided.by != task.owner && task.partner.is_none() {
                parts.push(pen.say("paper.by", &[("who", &world.name(&decided.by))]));
            }
            parts.push(pen.say(&decided.result, &[]));
            parts.extend([moment(world, decided.at_ms), pen.say(decided.via.key(), &[])]);
            parts.extend(decided.reason.clone());
            parts.extend(is_sent_back.then(|| pen.say("task.sent_back", &[])));
        }
        None => parts.push(pen.say(word_of_task(task.state), &[])),
    }
    parts.join(" · ")
}

/// The key of the word for a task that nobody decided.
const fn word_of_task(state: TaskState) -> &'static str {
    match state {
        TaskState::Waiting => "task.waiting",
        TaskState::Pending => "state.pending",
        TaskState::Approved => "result.approved",
        TaskState::Rejected => "result.rejected",
        TaskState::Returned => "task.sent_back",
        TaskState::Transferred => "result.transferred",
        TaskState::Skipped => "task.skipped",
        TaskState::Closed => "task.closed",
        TaskState::Expired => "task.expired",
    }
}

fn moment(world: &World<'_>, at_ms: u64) -> String {
    local(at_ms, world.zone).strftime("%Y-%m-%d %H:%M").to_string()
}
