//! What a platform tells stays within its bounds: what is beyond them is cut, so that one strange thing holds up nothing that
//! comes behind it. A refusal would bring it again for ever.

use bridge_api::{
    Arrival, Happened, Network,
    limits::{
        ENTRY_LINES_MAX, ENTRY_PEOPLE_MAX, FORM_VALUE_CHARACTERS_MAX, FORM_VALUES_MAX, PARTS_MAX,
        PEOPLE_AT_ONCE_MAX, TEXT_BYTES_MAX,
    },
};

use crate::limits::TRACE_BYTES_MAX;

/// An arrival within the bounds of [`bridge_api::limits`]. What was cut is in the log, with what the platform's support finds it
/// again by.
pub(crate) fn clipped(network: Network, mut arrival: Arrival) -> Arrival {
    let mut cut = clip(&mut arrival.what);
    if arrival.trace.as_mut().is_some_and(|trace| shorten(trace, TRACE_BYTES_MAX)) {
        cut = cut.or(Some("its trace"));
    }
    if let Some(what) = cut {
        let trace = arrival.trace.as_deref().unwrap_or(arrival.key.as_str());
        tracing::warn!(network = network.key(), what, trace, "an arrival is beyond its bounds and was cut");
        metrics::counter!("bridge_left_out_total", "platform" => network.key()).increment(1);
    }
    arrival
}

/// Cuts what is too much, and says what it was.
fn clip(what: &mut Happened) -> Option<&'static str> {
    let (is_cut, name) = match what {
        Happened::Message(message) => (keep_first(&mut message.parts, PARTS_MAX), "parts of a message"),
        Happened::Edited { parts, .. } => (keep_first(parts, PARTS_MAX), "parts of an edit"),
        Happened::Joined { people } => (keep_first(people, PEOPLE_AT_ONCE_MAX), "people who join"),
        Happened::Left { people, .. } => (keep_first(people, PEOPLE_AT_ONCE_MAX), "people who leave"),
        Happened::Read { messages, .. } => {
            // Whoever has read the newest has read the rest.
            let too_many = messages.len().saturating_sub(PEOPLE_AT_ONCE_MAX);
            messages.drain(..too_many);
            (too_many > 0, "messages that were read")
        }
        Happened::Pressed(pressed) => {
            let mut is_cut = false;
            while pressed.values.len() > FORM_VALUES_MAX {
                is_cut |= pressed.values.pop_last().is_some();
            }
            for value in pressed.values.values_mut() {
                // A character has four bytes at most.
                is_cut |= shorten(value, 4 * FORM_VALUE_CHARACTERS_MAX);
            }
            (is_cut, "values of a form")
        }
        Happened::ApprovalChanged(approval) => {
            let asked = keep_first(&mut approval.asked, ENTRY_PEOPLE_MAX);
            (keep_first(&mut approval.lines, ENTRY_LINES_MAX) || asked, "people or lines of an approval")
        }
        Happened::Acted(acted) => {
            let is_cut = acted.words.as_mut().is_some_and(|words| shorten(words, TEXT_BYTES_MAX));
            (is_cut, "words of a decision")
        }
        Happened::Described { words, .. } => {
            let is_cut = words.as_mut().is_some_and(|words| shorten(words, TEXT_BYTES_MAX));
            (is_cut, "words about a conversation")
        }
        Happened::Recalled { .. }
        | Happened::Reacted { .. }
        | Happened::Renamed { .. }
        | Happened::Dissolved
        | Happened::BotAdded { .. }
        | Happened::BotRemoved { .. }
        | Happened::PersonChanged(_)
        | Happened::PersonGone(_)
        | Happened::Withheld => (false, ""),
    };
    is_cut.then_some(name)
}

fn keep_first<T>(all: &mut Vec<T>, count_max: usize) -> bool {
    let is_cut = all.len() > count_max;
    all.truncate(count_max);
    is_cut
}

fn shorten(text: &mut String, bytes_max: usize) -> bool {
    let is_cut = text.len() > bytes_max;
    text.truncate(text.floor_char_boundary(bytes_max));
    is_cut
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bridge_api::{Content, EventKey, Message, MessageId, PersonId, Pressed, RichText, Sender};

    use super::*;

    fn arrival(what: Happened) -> Arrival {
        let key = EventKey::new("e1").expect("valid");
        Arrival { key, conversation: None, at_ms: 1, trace: None, what }
    }

    fn message(parts: usize) -> Happened {
        Happened::Message(Message {
            id: MessageId::new("om_1").expect("valid"),
            from: Sender::System,
            parts: vec![Content::Text(RichText::plain("words")); parts],
            reply_to: None,
            thread: None,
        })
    }

    #[test]
    fn what_is_within_its_bounds_stays_as_it_is() {
        let fine = Arrival { trace: Some("log-1".to_owned()), ..arrival(message(PARTS_MAX)) };
        assert_eq!(clipped(Network::Feishu, fine.clone()), fine);
    }

    #[test]
    fn what_is_too_much_is_cut_and_the_rest_is_kept() {
        let cut = clipped(Network::Feishu, arrival(message(PARTS_MAX + 1)));
        assert_eq!(cut, arrival(message(PARTS_MAX)));
        let traced = Arrival { trace: Some("好".repeat(TRACE_BYTES_MAX)), ..arrival(message(1)) };
        let trace = clipped(Network::Feishu, traced).trace.expect("a trace");
        assert!(trace.len() <= TRACE_BYTES_MAX && trace.len() > TRACE_BYTES_MAX - 3, "{}", trace.len());
    }

    #[test]
    fn of_many_that_were_read_the_newest_count() {
        let id = |number: usize| MessageId::new(format!("om_{number}")).expect("valid");
        let person = PersonId::new("li").expect("valid");
        let messages = (0..PEOPLE_AT_ONCE_MAX + 7).map(id).collect();
        let read = clipped(Network::Feishu, arrival(Happened::Read { person, messages }));
        let Happened::Read { messages, .. } = read.what else { panic!("another kind") };
        assert_eq!(messages.first(), Some(&id(7)));
        assert_eq!(messages.len(), PEOPLE_AT_ONCE_MAX);
    }

    #[test]
    fn a_form_that_grows_without_end_has_an_end() {
        let long = "x".repeat(5 * FORM_VALUE_CHARACTERS_MAX);
        let values: BTreeMap<_, _> =
            (0..FORM_VALUES_MAX * 2).map(|number| (format!("{number:03}"), long.clone())).collect();
        let pressed = Happened::Pressed(Pressed {
            message: MessageId::new("om_1").expect("valid"),
            by: PersonId::new("li").expect("valid"),
            action: "agree".to_owned(),
            values,
            proof: String::new(),
        });
        let Happened::Pressed(pressed) = clipped(Network::Feishu, arrival(pressed)).what else {
            panic!("another kind")
        };
        assert_eq!(pressed.values.len(), FORM_VALUES_MAX);
        assert!(pressed.values.values().all(|value| value.len() == 4 * FORM_VALUE_CHARACTERS_MAX));
    }
}
