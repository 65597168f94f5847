//! Guests who are on another platform alone: nobody reads a chat with them here. They have the meeting in the calendar of their platform,
//! which reminds them; where that has none, a card there shows it and takes their answer.

use std::collections::BTreeSet;

use cases::{Case, hash_of};
use office::{CardElsewhere, Choice, show_elsewhere_instead};
use ruma::{OwnedUserId, UserId};
use store::Batch;

use super::{LOCALPART, Meetings, entries::ENTRY_KEY};
use crate::{
    MeetingsError,
    beyond::is_elsewhere_alone,
    card::{Card, Pen, body, cards, title},
    meeting::{Meeting, state},
    world::World,
};

/// How much of a digest tells the cards of one meeting apart, in characters.
const DIGEST_CHARACTERS: usize = 16;

impl Meetings {
    /// Whether this is the account of somebody who is on another platform alone.
    pub(super) fn is_elsewhere_alone(&self, account: &UserId) -> bool {
        is_elsewhere_alone(account, self.kit().server_name(), &self.chart())
    }

    /// The same, where any platform is bridged.
    pub(super) fn is_beyond(&self, account: &UserId) -> bool {
        self.kit().bridge().is_some() && self.is_elsewhere_alone(account)
    }

    /// The cards that a meeting has here.
    pub(super) fn cards_here(&self, case: &Case<Meeting>) -> Vec<Card> {
        let mut cards = cards(case);
        cards.retain(|card| !matches!(card, Card::Guest(user) if self.is_beyond(user)));
        cards
    }

    /// The guests who are on another platform alone, of a meeting that has its time.
    fn beyond(&self, case: &Case<Meeting>) -> BTreeSet<OwnedUserId> {
        let guests = case.data.guests().filter(|_| case.state != state::FINDING);
        guests.map(|(user, _)| user).filter(|user| self.is_beyond(user)).cloned().collect()
    }

    /// New cards, and those that read differently; whoever is asked no more reads so on the last version.
    pub(super) async fn show_beyond(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
        world: &World<'_>,
    ) -> Result<(), MeetingsError> {
        if self.kit().bridge().is_none() {
            return Ok(());
        }
        let old = before.map(|before| self.beyond(before)).unwrap_or_default();
        let new = self.beyond(after);
        for user in old.union(&new) {
            let reader = self.reader(user).await?;
            let pen = self.pen(&reader);
            let known = before.filter(|_| old.contains(user));
            let text = match (new.contains(user), known) {
                (false, Some(before)) => pen.say("mt.not_asked", &[("meeting", &title(before, world, pen))]),
                (true, Some(before)) if body(before, world, pen) == body(after, world, pen) => continue,
                (true, _) | (false, None) => body(after, world, pen),
            };
            let is_open = new.contains(user) && after.state == state::SCHEDULED;
            // The last line says what can be tapped here, and so it does once the meeting has begun.
            let is_tapped_here = is_open || (new.contains(user) && after.state == state::LIVE);
            let told = text.rsplit_once('\n').filter(|_| is_tapped_here).map_or(&*text, |(rest, _)| rest);
            let choices = if is_open { choices(pen) } else { Vec::new() };
            let key = card_key(&after.id, user);
            let card =
                CardElsewhere { key: &key, account: user, rev: after.rev, text: told, choices, words: None };
            show_elsewhere_instead(self.kit(), batch, LOCALPART, card, "meeting").await?;
        }
        Ok(())
    }
}

/// What the card of somebody is called there: it begins as the entry of the meeting, so that what is pressed finds the meeting.
fn card_key(case: &str, user: &UserId) -> String {
    let digest: String = hash_of(user.as_str().as_bytes()).chars().rev().take(DIGEST_CHARACTERS).collect();
    format!("{ENTRY_KEY}{case}/{digest}")
}

fn choices(pen: Pen<'_>) -> Vec<Choice> {
    let choice = |action, key, style| Choice { action, label: pen.say(key, &[]), style };
    vec![
        choice("accept", "mt.press.accept", "primary"),
        choice("tentative", "mt.press.tentative", "plain"),
        choice("decline", "mt.press.decline", "danger"),
    ]
}
