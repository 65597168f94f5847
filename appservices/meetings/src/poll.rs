//! Polls as Element sends and reads them (MSC3381): a start, answers that refer to it, an end.

use serde_json::{Value, json};

/// The type of the event that opens a poll.
pub(crate) const START: &str = "org.matrix.msc3381.poll.start";

/// The type of the event that closes one.
pub(crate) const END: &str = "org.matrix.msc3381.poll.end";

/// Plain text of an extensible event.
const TEXT: &str = "org.matrix.msc1767.text";

/// The content of a poll whose votes everybody sees, with the answers `1`, `2`, … of which all may be chosen. Clients
/// without polls show its text.
pub(crate) fn start(question: &str, answers: &[String]) -> Value {
    let lines = answers.iter().zip(1..).map(|(answer, number)| format!("\n{number}. {answer}"));
    let fallback = format!("{question}{}", lines.collect::<String>());
    let answers: Vec<Value> = answers
        .iter()
        .zip(1..)
        .map(|(answer, number)| json!({ "id": number.to_string(), TEXT: answer }))
        .collect();
    json!({
        TEXT: fallback,
        START: {
            "question": { TEXT: question, "body": question, "msgtype": "m.text" },
            "kind": "org.matrix.msc3381.poll.disclosed",
            "max_selections": answers.len(),
            "answers": answers,
        },
    })
}

/// The content that ends a poll; the letter refers to its start.
pub(crate) fn end(text: &str) -> Value {
    json!({ END: {}, TEXT: text })
}

/// The slots, counted from 0, that the ids of an answer name. What names none is left out, and so are repetitions.
pub(crate) fn chosen(answers: &[String], slots: usize) -> std::collections::BTreeSet<usize> {
    let numbers = answers.iter().filter_map(|id| id.parse::<usize>().ok());
    numbers.filter(|number| (1..=slots).contains(number)).map(|number| number - 1).collect()
}
