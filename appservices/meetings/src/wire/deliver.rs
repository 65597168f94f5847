//! From effects to letters and timers, and from a changed meeting to changed cards and state.

use cases::Case;
use kit::{Letter, PREFIX, Related, Relation, To, message};
use ruma::OwnedUserId;
use serde_json::{Value, json};
use store::Batch;

use super::{KIND, LOCALPART, Meetings, Scene, scene::Reader};
use crate::{
    MeetingsError,
    card::{Card, Pen, body, offers},
    desk::Effect,
    limits::NAMES_ON_CARD_MAX,
    meeting::Meeting,
};

impl Meetings {
    /// Everything that a decision brings about.
    pub(crate) async fn deliver(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
        effects: Vec<Effect>,
        scene: &Scene,
        marker: &str,
    ) -> Result<(), MeetingsError> {
        self.book_resources(batch, before, after, scene.at_ms).await?;
        self.keep_calendars(batch, before, after).await?;
        self.order_room(batch, after, scene.at_ms).await?;
        // Before the cards: whoever is asked in later does not see what stands in the room already.
        self.keep_room(batch, before, after).await?;
        self.show_cards(batch, before, after, scene).await?;
        self.show_beyond(batch, before, after, &scene.world()).await?;
        self.show_state(batch, before, after);
        self.show_in_timeline(batch, before, after).await?;
        self.invite(batch, before, after).await?;
        self.put_entry(batch, before, after, scene.at_ms).await?;
        self.end_visits(before, after).await?;
        for (place, effect) in effects.into_iter().enumerate() {
            let marker = format!("{marker}/{}/{place}", after.id);
            match effect {
                Effect::Tell(tell) => self.tell(batch, after, tell, &marker).await?,
                Effect::Timer { name, at_ms } => {
                    let payload = json!({ "case": after.id, "name": name });
                    self.kit().timers().set(batch, LOCALPART, &timer(&after.id, &name), at_ms, payload);
                }
                Effect::Cancel { name } => self.kit().timers().cancel(batch, &timer(&after.id, &name)),
                Effect::NotTaken { by, instance } => {
                    self.decline_counter(batch, after, &by, instance).await?;
                }
                Effect::OpenPoll => self.open_poll(batch, after).await?,
                Effect::ClosePoll => self.close_poll(batch, after, scene).await?,
                Effect::Remind { minutes, is_late } => self.remind(batch, after, minutes, is_late).await?,
                Effect::OpenMinutes(id) => self.open_minutes(batch, after, id).await?,
                Effect::SumUp { id, from } => self.sum_up(batch, after, id, from, scene).await?,
                Effect::Split(later) => Box::pin(self.split(batch, after, *later, scene, &marker)).await?,
            }
        }
        Ok(())
    }

    /// New cards are sent, those that read differently are edited; whoever is asked no more sees so on the last edit.
    async fn show_cards(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
        scene: &Scene,
    ) -> Result<(), MeetingsError> {
        let world = scene.world();
        let old = before.map_or_else(Vec::new, |before| self.cards_here(before));
        let here = self.cards_here(after);
        for card in here.iter().cloned() {
            let reader = self.reader_of(&card, after).await?;
            let pen = self.pen(&reader);
            let text = body(after, &world, pen);
            let key = card.key(&after.id);
            let to = self.place_of(&card, after);
            if !old.contains(&card) && self.kit().sent(&key).await?.is_none() {
                self.new_card(batch, &card, after, &text, scene);
            } else if !old.contains(&card) {
                self.ask_again(batch, &card, after, &text, pen);
            } else if before.is_none_or(|before| body(before, &world, pen) != text) {
                self.put_version(batch, (&card, to.clone()), after, &text, &offers(&card, after));
                // Only now they are too many for the card.
                if card == Card::Home && is_long(after) && before.is_some_and(|before| !is_long(before)) {
                    self.list_people(batch, after, &key, to.clone(), &world);
                }
                // What is done by a tap changes with the state.
                let known = before.map_or_else(Vec::new, |before| offers(&card, before));
                let mut new = offers(&card, after);
                new.retain(|reaction| !known.contains(reaction));
                self.seed(batch, &key, &to, &new);
            }
        }
        if let Some(before) = before {
            for card in old.into_iter().filter(|card| !here.contains(card)) {
                let reader = self.reader_of(&card, before).await?;
                let title = crate::card::title(before, &world, self.pen(&reader));
                let text = self.pen(&reader).say("mt.not_asked", &[("meeting", &title)]);
                let to = self.place_of(&card, before);
                self.put_version(batch, (&card, to), after, &text, &[]);
            }
        }
        Ok(())
    }

    /// How a card reads now, and what it offers.
    fn put_version(
        &self,
        batch: &mut Batch,
        (card, to): (&Card, To),
        case: &Case<Meeting>,
        text: &str,
        offers: &[&'static str],
    ) {
        let key = card.key(&case.id);
        let letter = Letter::message(edit_key(&key, case.rev), LOCALPART, to, data(text, None, case));
        let letter = letter.offering(offers.iter().copied());
        self.kit().outbox().put(batch, letter.relating(Relation::Edits(Related::Letter(key))));
    }

    /// Somebody was asked, then no more, and is again: their card says what holds, and below it they hear of it.
    fn ask_again(&self, batch: &mut Batch, card: &Card, case: &Case<Meeting>, text: &str, pen: Pen<'_>) {
        let to = self.place_of(card, case);
        self.put_version(batch, (card, to.clone()), case, text, &offers(card, case));
        let Card::Guest(user) = card else { return };
        let values = [("no", &*case.no), ("title", &*case.data.event.title)];
        let told = message(&pen.say("mt.told.asked_again", &values), [user]);
        let key = card.key(&case.id);
        let letter = Letter::message(format!("mn/again/{}/{key}", case.rev), LOCALPART, to, told);
        self.kit().outbox().put(batch, letter.relating(Relation::Thread(Related::Letter(key))));
    }

    fn new_card(&self, batch: &mut Batch, card: &Card, case: &Case<Meeting>, text: &str, scene: &Scene) {
        let (key, to) = (card.key(&case.id), self.place_of(card, case));
        // To answer is something to do: an invitation rings.
        let rings = match card {
            Card::Guest(user) => Some(user),
            Card::Home | Card::Room => None,
        };
        let letter = Letter::message(&key, LOCALPART, to.clone(), data(text, rings, case));
        let letter = match card {
            Card::Home => match case.data.home.event.clone().filter(|_| case.data.home.is_direct) {
                Some(event) => letter.relating(Relation::ReplyTo(Related::Event(event))),
                None => letter,
            },
            Card::Room | Card::Guest(_) => letter,
        };
        self.kit().outbox().put(batch, letter);
        self.seed(batch, &key, &to, &offers(card, case));
        if *card == Card::Home && is_long(case) {
            self.list_people(batch, case, &key, to, &scene.world());
        }
    }

    pub(super) async fn reader_of(&self, card: &Card, case: &Case<Meeting>) -> Result<Reader, MeetingsError> {
        match card {
            Card::Home => self.reader_of_home(&case.data).await,
            Card::Room => self.reader_of_talk(&case.data).await,
            Card::Guest(user) => self.reader(user).await,
        }
    }

    /// Where a card stands.
    pub(crate) fn place_of(&self, card: &Card, case: &Case<Meeting>) -> To {
        match card {
            Card::Home => home_of(&case.data),
            Card::Room => talk_of(&case.data),
            Card::Guest(user) => To::Direct(user.clone()),
        }
    }
}

/// Where people talk about a meeting: the room that was made for it, else where it was asked for.
pub(crate) fn talk_of(meeting: &Meeting) -> To {
    match meeting.own_room() {
        Some(own) => To::Place(own.place.clone()),
        None => home_of(meeting),
    }
}

/// Where everybody's card of a meeting stands.
pub(crate) fn home_of(meeting: &Meeting) -> To {
    match (&meeting.home.room, meeting.organizer()) {
        (Some(room), _) => To::Room(room.clone()),
        (None, Some(organizer)) => To::Direct(organizer.to_owned()),
        // Meetings of the bot have an organiser; the bot itself would be told.
        (None, None) => To::Place(String::new()),
    }
}

/// Whether a file lists those for whom the card has no room.
fn is_long(case: &Case<Meeting>) -> bool {
    case.data.people().count() > NAMES_ON_CARD_MAX
}

/// What a new version of a letter is called.
pub(super) fn edit_key(key: &str, rev: u64) -> String {
    format!("me/{rev}/{key}")
}

fn timer(case: &str, name: &str) -> String {
    format!("mt/{case}/{name}")
}

/// A message with the machine's half of the card.
pub(super) fn data(text: &str, rings: Option<&OwnedUserId>, case: &Case<Meeting>) -> Value {
    let mut content = message(text, rings);
    content[format!("{PREFIX}card")] = json!({
        "v": 1, "kind": KIND, "id": case.id, "no": case.no, "rev": case.rev, "state": case.state,
    });
    content
}
