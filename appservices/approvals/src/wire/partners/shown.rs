//! The cards of requests of other servers, for those here who are asked.

use cases::Case;
use kit::{Letter, PREFIX, Related, Relation, To, message};
use people::PersonId;
use ruma::OwnedUserId;
use serde_json::{Value, json};
use store::Batch;

use super::asked::{APPROVED, REJECTED, Requested};
use crate::{
    OfficeError,
    card::{Pen, shortened},
    limits::CARD_LINES_MAX,
    wire::{Approvals, LOCALPART, redactions::Place},
};

/// Begins the keys of these cards.
pub(super) const CARD: &str = "p/";

/// The case and the person of the key of a card.
pub(in crate::wire) fn card_of_request(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix(CARD)?.split_once('/')
}

/// The key of the word for how a request stands.
pub(super) fn word_of_request(case: &Case<Requested>) -> &'static str {
    match (case.data.over, case.state.as_str()) {
        (Some((ended, _)), _) => ended.word(),
        (None, APPROVED) => "state.approved",
        (None, REJECTED) => "state.rejected",
        (None, _) => "state.pending",
    }
}

impl Approvals {
    pub(super) async fn put_request_card(
        &self,
        batch: &mut Batch,
        case: &Case<Requested>,
        person: &PersonId,
        account: &OwnedUserId,
    ) -> Result<(), OfficeError> {
        let key = format!("{CARD}{}/{person}", case.id);
        let content = self.request_card(case, account, true).await?;
        let to = To::Room(case.data.room.clone());
        self.kit().outbox().put(batch, Letter::message(&key, LOCALPART, to.clone(), content));
        for (place, reaction) in ["✅", "❌"].into_iter().enumerate() {
            let relation = Relation::Reacts(Related::Letter(key.clone()), reaction.to_owned());
            let seed = Letter::message(format!("{key}/seed{place}"), LOCALPART, to.clone(), json!({}));
            self.kit().outbox().put(batch, seed.relating(relation));
        }
        Ok(())
    }

    /// Has all cards of a request that nobody has to decide any more say how it stands.
    pub(super) async fn edit_request_cards(
        &self,
        batch: &mut Batch,
        case: &Case<Requested>,
    ) -> Result<(), OfficeError> {
        for Place { card, to, account } in self.places_of_request(&case.id).await? {
            let content = self.request_card(case, &account, false).await?;
            let edit = Letter::message(format!("{card}/{}", case.rev), LOCALPART, to, content);
            let edit = edit.offering([]).relating(Relation::Edits(Related::Letter(card)));
            self.kit().outbox().put(batch, edit);
        }
        Ok(())
    }

    /// The cards of a request that were sent.
    pub(in crate::wire) async fn places_of_request(&self, id: &str) -> Result<Vec<Place>, OfficeError> {
        let house = self.house().await?;
        let Some(case) = house.cases.get::<Requested>(id).await? else { return Ok(Vec::new()) };
        let chart = house.chart();
        let mut places = Vec::new();
        for person in &case.data.people {
            let card = format!("{CARD}{}/{person}", case.id);
            if let (Some(account), Some((room, _))) =
                (chart.account_of(person), self.kit().sent(&card).await?)
            {
                places.push(Place { card, to: To::Room(room), account });
            }
        }
        Ok(places)
    }

    async fn request_card(
        &self,
        case: &Case<Requested>,
        account: &OwnedUserId,
        rings: bool,
    ) -> Result<Value, OfficeError> {
        let pen = self.pen(self.language_of_account(account).await?);
        let actions = case.data.is_open().then(|| pen.say("partner.actions", &[]));
        let mut content = message(&text_of_request(case, actions, pen), rings.then_some(account));
        content["msgtype"] = json!(if rings { "m.text" } else { "m.notice" });
        content[format!("{PREFIX}card")] = json!({
            "v": 1, "kind": "approval", "id": case.id, "no": case.no, "rev": case.rev, "state": case.state,
            "request": case.data.event,
        });
        Ok(content)
    }
}

/// What a request asks for and how it stands, in words. `actions` is the last line: what can be done.
pub(super) fn text_of_request(case: &Case<Requested>, actions: Option<String>, pen: Pen<'_>) -> String {
    let request = &case.data.request;
    let state = pen.say(word_of_request(case), &[]);
    let (name, fields) = request.wording(pen.lang);
    let (no, name, starter) = (shortened(&request.no), shortened(name), shortened(&request.starter));
    let mut lines = vec![format!("[{state}] {no} {name} · {starter}")];
    lines.push(pen.say("partner.from", &[("server", case.data.bot.server_name().as_str())]));
    // The last line says what can be done.
    let room = CARD_LINES_MAX - lines.len() - 1;
    let shown = if fields.len() <= room { fields.len() } else { room - 1 };
    let words = |(label, value): &(String, String)| format!("{}: {}", shortened(label), shortened(value));
    lines.extend(fields.iter().take(shown).map(words));
    if shown < fields.len() {
        lines.push(pen.say("partner.more", &[("count", &(fields.len() - shown).to_string())]));
    }
    lines.extend(actions);
    lines.join("\n")
}
