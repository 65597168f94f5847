//! The fields of a case as people read them.

use cases::Case;
use people::Chart;

use super::{Pen, names_in};
use crate::{
    desk::World,
    instance::Instance,
    limits::CARD_VALUE_CHARACTERS_MAX,
    template::{Field, Value, brief_in},
};

/// The fields that hold something, by what people call them; what is sensitive is masked.
pub(crate) fn form_values<'a>(
    case: &'a Case<Instance>,
    world: &'a World<'a>,
    pen: Pen<'a>,
) -> impl Iterator<Item = (String, String)> + 'a {
    let filled = world.template.form.iter().filter_map(|field| Some((field, case.data.form.get(&field.id)?)));
    let filled = filled.filter(|(_, value)| !matches!(value, Value::Files(files) if files.is_empty()));
    filled.map(move |(field, value)| {
        let label = field.label.in_language(names_in(pen.lang));
        let label = if label.is_empty() { &field.id } else { label };
        (label.to_owned(), in_words(field, value, world.chart, pen))
    })
}

/// A value in a few words, as people read it; of what is masked the end.
pub(crate) fn in_words(field: &Field, value: &Value, chart: &Chart, pen: Pen<'_>) -> String {
    brief_in(field, value, chart, &|key, values| pen.say(key, values))
}

/// The fields with their values, as many as there is room for.
pub(crate) fn form_lines(case: &Case<Instance>, world: &World<'_>, pen: Pen<'_>, room: usize) -> Vec<String> {
    let filled: Vec<_> = form_values(case, world, pen).collect();
    let shown = if filled.len() <= room { filled.len() } else { room.saturating_sub(1) };
    let mut lines: Vec<String> =
        filled.iter().take(shown).map(|(label, value)| format!("{label}: {}", shortened(value))).collect();
    if shown < filled.len() {
        lines.push(pen.say("card.more", &[("count", &(filled.len() - shown).to_string())]));
    }
    lines
}

/// One line of bounded length.
pub(crate) fn shortened(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(CARD_VALUE_CHARACTERS_MAX) {
        line.truncate(end);
        line.push('…');
    }
    line
}
