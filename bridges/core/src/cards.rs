//! Cards of our bots for people on platforms, and the buttons that are pressed there.
//!
//! A bot says a card into a room that it shares with the bridge alone; the bridge shows it to the person in their direct
//! conversation, once for each key, and puts newer revisions in its place. What is pressed there, the bridge says into that room
//! again, with the proof of the callback. What a button means and who may press it the bot decides.

use std::collections::BTreeMap;

use bridge_api::{
    Arrival, Button, ButtonStyle, Card, Connector, Content, Happened, IdempotencyKey, Input, Network,
    Outgoing, Pressed, RichText, Speaker, limits::BUTTONS_MAX,
};
use kit::{Heard, Letter, PREFIX, To};
use ruma::{OwnedRoomId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Batch, Scan, StoreError};

use crate::{
    Bridges, LOCALPART,
    addressing::direct_with,
    bridges::Seat,
    error::Stuck,
    lanes::Lane,
    limits::{CARD_KEY_BYTES_MAX, PAUSE_MIN, PRESS_WAITS_MS},
    names::{hex, tamed},
    tables::{CARD_OF, CARDS, CardRow, IN_TURN, OUTBOX, OutboxRow},
};

/// The bots whose cards are shown.
const BOTS: [&str; 3] = ["approvals", "task", "meet"];

/// What a bot wants shown to somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    key: String,
    /// The account of the person, or of their ghost.
    r#for: String,
    /// A newer card of the same key has a higher one.
    rev: u64,
    title: String,
    body: String,
    #[serde(default)]
    buttons: Vec<TellButton>,
    #[serde(default)]
    input: Option<TellInput>,
    /// The kind of entry that stands in a platform's own app, where it has one: the card is for those on platforms that have none, or
    /// do not take the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instead_of: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TellButton {
    action: String,
    label: String,
    #[serde(default)]
    style: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TellInput {
    name: String,
    label: String,
}

impl Told {
    /// Whether this platform has an app of its own for what the card shows. Where it takes the entry nobody needs the card.
    fn has_app(&self, connector: &dyn Connector) -> bool {
        match self.instead_of.as_deref() {
            Some("approval") => connector.approvals().is_some(),
            Some("todo") => connector.todos().is_some(),
            Some("meeting") => connector.calendars().is_some(),
            Some(_) | None => false,
        }
    }

    fn card(&self) -> Card {
        let button = |button: &TellButton| Button {
            action: button.action.clone(),
            values: BTreeMap::new(),
            label: tamed(&button.label),
            style: match button.style.as_str() {
                "primary" => ButtonStyle::Primary,
                "danger" => ButtonStyle::Danger,
                _ => ButtonStyle::Plain,
            },
        };
        let input =
            self.input.as_ref().map(|input| Input { name: input.name.clone(), label: tamed(&input.label) });
        Card {
            title: tamed(&self.title),
            body: RichText::plain(&self.body).tamed(),
            buttons: self.buttons.iter().take(BUTTONS_MAX).map(button).collect(),
            input: input.filter(|_| !self.buttons.is_empty()),
            revision: self.rev,
        }
    }
}

/// The type of an event of ours.
fn kind(name: &str) -> String {
    format!("{PREFIX}bridge.{name}")
}

/// Whether an event in the outbox is a card and nothing of a room.
pub(crate) fn is_card(event: &Value) -> bool {
    event["type"] == kind("card")
}

impl Bridges {
    /// Whether one of the bots says it whose cards and entries are shown.
    pub(crate) fn is_bot_of_ours(&self, heard: &Heard) -> bool {
        heard.sender.server_name() == self.0.server_name && BOTS.contains(&heard.sender.localpart())
    }

    /// A bot says a card: it goes behind what else waits for the person, on every platform where they are somebody.
    pub(crate) async fn card_heard(
        &self,
        heard: &Heard,
        said: &str,
        content: &Value,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        if said != kind("card") || !self.is_bot_of_ours(heard) {
            return Ok(());
        }
        let told = Told::deserialize(content).ok();
        let told = told.filter(|told| !told.key.is_empty() && told.key.len() <= CARD_KEY_BYTES_MAX);
        let account = told.as_ref().and_then(|told| UserId::parse(&told.r#for).ok());
        let (Some(told), Some(account)) = (told, account) else {
            tracing::warn!(event = %heard.event_id, sender = %heard.sender, "a card makes no sense");
            return Ok(());
        };
        for seat in self.0.seats.iter().filter(|seat| seat.connector.cards().is_some()) {
            let Some(lane) = self.lane_to(seat, &account).await? else { continue };
            // Letters are written from it while the platform is away, as from any event.
            let event = json!({
                "type": kind("card"), "room_id": heard.room, "event_id": heard.event_id, "sender": heard.sender,
                "content": told,
            });
            let row = OutboxRow { event: event.to_string(), received_ms: heard.received_ms };
            if told.has_app(&*seat.connector)
                && self.waits_for_entry(seat.network, &told.key, &account, &row, batch).await?
            {
                continue;
            }
            self.outbound().put(batch, &OUTBOX, &lane, IN_TURN, &row);
        }
        Ok(())
    }

    /// Shows a card, or a newer one in the place of the old one.
    pub(crate) async fn show_card(
        &self,
        seat: &Seat,
        lane: &Lane,
        event: &Value,
        batch: &mut Batch,
    ) -> Result<(), Stuck> {
        let nonsense = |error: &dyn std::fmt::Display| Stuck::Never(error.to_string(), None);
        let told = Told::deserialize(&event["content"]).map_err(|error| nonsense(&error))?;
        let room = OwnedRoomId::try_from(event["room_id"].as_str().unwrap_or_default());
        let room = room.map_err(|error| nonsense(&error))?;
        let of = (lane.0.key(), told.key.as_str());
        let old = self.0.store.get(&CARDS, &of).await?;
        if old.as_ref().is_some_and(|old| old.revision >= told.rev) {
            return Ok(());
        }
        let card = told.card();
        let message = match (&old, seat.connector.cards()) {
            (Some(old), Some(cards)) => {
                seat.heard(cards.update(&lane.1, &old.message, &card).await)?;
                old.message.clone()
            }
            (Some(_), None) | (None, _) => {
                let digest = hex(&Sha256::digest(format!("card/{}/{}", of.0, of.1)));
                let key = IdempotencyKey::new(&digest[..40]).map_err(|error| nonsense(&error))?;
                let outgoing = Outgoing {
                    key,
                    conversation: lane.1.clone(),
                    speaker: Speaker::default(),
                    content: Content::Card(card),
                    reply_to: None,
                    thread: None,
                };
                let sent = seat.heard(seat.connector.send(&outgoing).await)?;
                sent.messages.into_iter().next().ok_or_else(|| nonsense(&"a card became no message"))?
            }
        };
        self.keep(batch, of.0, &message);
        batch.put(&CARD_OF, &(of.0, message.as_str()), &told.key);
        batch.put(&CARDS, &of, &CardRow { message, room, revision: told.rev });
        Ok(())
    }

    /// Whether somebody pressed a button of such a card, or of what may be one when it is noted.
    pub(crate) async fn is_card_pressed(
        &self,
        network: Network,
        arrival: &Arrival,
    ) -> Result<bool, StoreError> {
        let Happened::Pressed(pressed) = &arrival.what else { return Ok(false) };
        // What waits is looked at first: the batch that ends the waiting notes the card.
        let is_under_way = self.is_card_under_way(network, arrival, pressed).await?;
        if self.0.store.exists(&CARD_OF, &(network.key(), pressed.message.as_str())).await? {
            return Ok(true);
        }
        let conversation = arrival.conversation.clone();
        let room = conversation.and_then(|conversation| self.portals().room_of(&(network, conversation)));
        Ok(is_under_way && room.is_none())
    }

    /// Whether a card may be shown to who pressed it and not be noted yet. It is noted when the platform has answered, and people are
    /// faster now and then. Its lane is that of the person; where they pressed, platforms may call by another name.
    async fn is_card_under_way(
        &self,
        network: Network,
        arrival: &Arrival,
        pressed: &Pressed,
    ) -> Result<bool, StoreError> {
        let direct = self.seat(network).and_then(|seat| direct_with(seat, &pressed.by));
        let there = arrival.conversation.clone().map(|conversation| (network, conversation));
        for lane in [direct, there].into_iter().flatten() {
            let of = (lane.0.key(), lane.1.as_str());
            if !self.0.store.scan_keys(&OUTBOX, Scan::prefix(&of).limit(1)).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells the bot what was pressed, where it said the card.
    pub(crate) async fn card_pressed(
        &self,
        lane: &Lane,
        arrival: &Arrival,
        pressed: &Pressed,
        batch: &mut Batch,
    ) -> Result<(), Stuck> {
        let (network, key) = (lane.0.key(), arrival.key.as_str());
        // What waits is looked at first: the batch that ends the waiting notes the card.
        let is_under_way = self.is_card_under_way(lane.0, arrival, pressed).await?;
        let Some(card) = self.0.store.get(&CARD_OF, &(network, pressed.message.as_str())).await? else {
            // The platform's clock may be ahead of ours as well.
            let age_ms = self.0.clock.now_ms().abs_diff(arrival.at_ms);
            if is_under_way && age_ms < PRESS_WAITS_MS {
                return Err(Stuck::Later(
                    "the card that was pressed is not noted yet".to_owned(),
                    Some(PAUSE_MIN),
                ));
            }
            tracing::debug!(
                network,
                message = pressed.message.as_str(),
                "nobody knows the card that was pressed"
            );
            return Ok(());
        };
        let Some(row) = self.0.store.get(&CARDS, &(network, card.as_str())).await? else { return Ok(()) };
        let person = self.account_of(lane.0, &pressed.by).await?;
        let ghost = self.ghost_id(lane.0, &pressed.by).ok();
        let content = json!({
            "v": 1, "key": card, "rev": row.revision, "action": pressed.action, "values": pressed.values,
            "network": network, "by": pressed.by, "person": person, "ghost": ghost,
            "proof": { "type": "callback", "hash": pressed.proof, "verified": true },
        });
        let letter = Letter {
            kind: kind("pressed"),
            ..Letter::message(
                format!("bridge/pressed/{network}/{key}"),
                LOCALPART,
                To::Room(row.room),
                content,
            )
        };
        self.0.kit.outbox().put(batch, letter);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_read_within_bounds() {
        let buttons: Vec<_> =
            (0..40).map(|_| json!({ "action": "approve", "label": "同\u{202e}意" })).collect();
        let told: Told = serde_json::from_value(json!({
            "v": 1, "key": "a/1", "for": "@li:test", "rev": 4, "title": "[待审批]\nAP-1", "body": "one\ntwo",
            "buttons": buttons, "input": { "name": "reason", "label": "为什么" },
        }))
        .expect("reads");
        let card = told.card();
        assert_eq!((card.title.as_str(), card.revision), ("[待审批] AP-1", 4));
        assert_eq!((card.buttons.len(), card.buttons[0].label.as_str()), (BUTTONS_MAX, "同意"));
        assert!(card.input.is_some());
        let bare = Told { buttons: Vec::new(), ..told };
        assert!(bare.card().input.is_none(), "nobody could hand it in");
    }
}
