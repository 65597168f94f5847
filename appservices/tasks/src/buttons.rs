//! What can be tapped on a card, and by whom. Pure.

use cases::Case;

use crate::{
    card::Card,
    task::{Task, is_running, state},
};

/// Below every card of a task, in this order.
const REACTIONS: [&str; 6] = ["1️⃣", "2️⃣", "3️⃣", "✅", "⏰", "💬"];

/// Below the card of one that somebody has to take.
const ACCEPTANCE: [&str; 2] = ["✋", "🙅"];

/// Below what is a question of yes or no.
pub(crate) const QUESTION: [&str; 2] = ["✅", "❌"];

/// What can be tapped on a card of a task as it is now. Whoever neither does it nor wanted it, because it went into other hands, has
/// nothing to tap on.
pub(crate) fn buttons(card: &Card, case: &Case<Task>) -> Vec<&'static str> {
    match case.state.as_str() {
        _ if !is_in_hand(card, &case.data) => Vec::new(),
        state::PROPOSED => QUESTION.to_vec(),
        of if !is_running(of) => Vec::new(),
        _ if case.data.asked().next().is_some() => [&ACCEPTANCE[..], &REACTIONS].concat(),
        _ => REACTIONS.to_vec(),
    }
}

/// The line that says what can be tapped.
pub(crate) fn actions(card: &Card, case: &Case<Task>) -> Option<&'static str> {
    match case.state.as_str() {
        _ if !is_in_hand(card, &case.data) => None,
        state::PROPOSED => Some("tk.card.question"),
        of if !is_running(of) => None,
        _ if case.data.asked().next().is_some() => Some("tk.card.acceptance"),
        _ => Some("tk.card.actions"),
    }
}

/// Whether those who read a card do the task or wanted it; a room is many.
fn is_in_hand(card: &Card, data: &Task) -> bool {
    match card {
        Card::Room | Card::MoreTime(_) => true,
        Card::Person(person) => data.creator == *person || data.assignee(person).is_some(),
    }
}
