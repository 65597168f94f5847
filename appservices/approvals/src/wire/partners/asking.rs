//! Our side: the partner's bot is asked, and its answer is held against the event that it names.

use cases::{Case, Source, Via};
use kit::{BotError, Heard, Letter, PREFIX, To, texts::Lang};
use ruma::{EventId, OwnedUserId, RoomId};
use serde_json::{Value, json};
use store::Batch;

use super::{
    Answer, Outcome, Request, VERSION, Verdict, Wording,
    judge::{Evidence, Forgery, answered, judge},
};
use crate::{
    OfficeError,
    act::Action,
    card::{Pen, form_values, names_in},
    desk::{Actor, World},
    instance::Instance,
    limits::{ANSWER_LOOKS_MAX, ANSWER_WAIT_MS, PARTNER_FORM_BYTES_MAX},
    wire::{
        Approvals, LOCALPART, Scene,
        rooms::{case_of_place, place_of_case},
    },
};

/// What was found of the event that an answer names.
enum Found {
    All { event: Value, card: Value },
    NotYet,
}

impl Approvals {
    /// Asks the bot of a partner, if it is in the room of the case. The key of the letter makes it once.
    pub(in crate::wire) async fn ask_partner(
        &self,
        batch: &mut Batch,
        case: &Case<Instance>,
        task: &str,
        scene: &Scene,
    ) -> Result<(), OfficeError> {
        let Some(task) = case.data.task(task) else { return Ok(()) };
        let (Some(partner), Some(room)) = (&task.partner, &case.data.room) else { return Ok(()) };
        // A template that was published before may send what is secret to a partner; that does not leave this server.
        if !room.here.contains(&partner.server) || case.data.is_secret {
            return Ok(());
        }
        let world = scene.world();
        let [chinese, english] = [Lang::Zh, Lang::En].map(|lang| wording(case, &world, self.pen(lang)));
        let english = (english != chinese).then_some(english);
        let request = Request {
            v: VERSION,
            no: case.no.clone(),
            task: task.id.clone(),
            capability: partner.capability.clone(),
            name: chinese.name,
            starter: world.name(&case.data.starter),
            form_view: chinese.form_view,
            english,
            deadline: world.deadline_of(&task.node),
            keys: self.house().await?.cases.signer().public().texts(),
        };
        let to = To::Place(place_of_case(&case.id));
        Box::pin(self.hand_keys(batch, to.clone(), room.here.len())).await?;
        let content = serde_json::to_value(request).unwrap_or_default();
        let mut letter = Letter::message(key_of_request(&case.id, &task.id), LOCALPART, to, content);
        letter.kind = format!("{PREFIX}request");
        self.kit().outbox().put(batch, letter);
        Ok(())
    }

    /// Somebody came into a room: if it is a partner's bot in the room of a case, it can be asked now.
    pub(in crate::wire) async fn came(
        &self,
        heard: &Heard,
        user: &OwnedUserId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        if !self.is_bot_of_partner(user) {
            return Ok(());
        }
        let place = self.kit().place_of(LOCALPART, &heard.room).await?;
        let Some(id) = place.as_deref().and_then(case_of_place) else { return Ok(()) };
        let Some(case) = self.house().await?.cases.get::<Instance>(id).await? else { return Ok(()) };
        let server = user.server_name().to_owned();
        if case.data.room.as_ref().is_none_or(|room| room.here.contains(&server)) {
            return Ok(());
        }
        self.act_as(heard, &Actor::nobody(), case, &[Action::PartnerCame { server }], batch).await?;
        Ok(())
    }

    /// The bot of a partner answers. `looks` is how often the event that it names was looked for already.
    pub(super) async fn answered_by_partner(
        &self,
        heard: &Heard,
        answer: &Answer,
        looks: u32,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let place = self.kit().place_of(LOCALPART, &heard.room).await?;
        let Some(id) = place.as_deref().and_then(case_of_place) else { return Ok(()) };
        let Some(case) = self.house().await?.cases.get::<Instance>(id).await? else { return Ok(()) };
        let server = heard.sender.server_name();
        let task = case.data.task(&answer.task);
        let is_theirs =
            task.and_then(|task| task.partner.as_ref()).is_some_and(|partner| partner.server == server);
        let asked = self.kit().sent(&key_of_request(id, &answer.task)).await?;
        let is_asked = asked.is_some_and(|(_, event)| event == answer.request);
        if !is_theirs || !is_asked || answer.no != case.no {
            return self.disbelieve(heard, Forgery::Request, batch).await;
        }
        let task = answer.task.clone();
        let action = match &answer.outcome {
            Outcome::Asks => Action::PartnerAsks { task },
            Outcome::Nobody | Outcome::TooNew => Action::PartnerHasNobody { task },
            Outcome::Decided(verdict) => {
                return self.partner_decided(heard, case, (answer, verdict), looks, batch).await;
            }
        };
        self.act_as(heard, &Actor::nobody(), case, &[action], batch).await.map(drop)
    }

    /// Somebody of the partner has decided, says its bot.
    async fn partner_decided(
        &self,
        heard: &Heard,
        case: Case<Instance>,
        (answer, verdict): (&Answer, &Verdict),
        looks: u32,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let (event, card) = match self.found(&heard.room, verdict).await? {
            Found::All { event, card } => (event, card),
            Found::NotYet if looks < ANSWER_LOOKS_MAX => {
                let key = heard.event_id.as_str();
                self.look_again(heard, key, looks + 1, ANSWER_WAIT_MS, batch);
                return Ok(());
            }
            Found::NotYet => return self.disbelieve(heard, Forgery::Place, batch).await,
        };
        let server = heard.sender.server_name();
        let keys = match self.keys_for(server, &verdict.record, &verdict.keys).await? {
            Ok(keys) => keys,
            Err(Forgery::Key) => return self.waits_for_trust(heard, &case, answer, looks, batch).await,
            Err(forgery) => return self.disbelieve(heard, forgery, batch).await,
        };
        let evidence = Evidence {
            bot: &heard.sender,
            room: &heard.room,
            request: &answer.request,
            task: &answer.task,
            verdict,
            event: &event,
            card: &card,
        };
        if let Err(forgery) = judge(&evidence, &keys.all) {
            return self.disbelieve(heard, forgery, batch).await;
        }
        if let Err(forgery) = self.kept_record(heard, &verdict.record, batch).await? {
            return self.disbelieve(heard, forgery, batch).await;
        }
        self.remember_keys(batch, server, &keys.new);
        let actor = Actor {
            person: None,
            account: Some(verdict.actor.clone()),
            via: Via::Matrix,
            source: Some(Source::event(heard.room.clone(), verdict.event.clone())),
            link: None,
        };
        let (task, reason) = (answer.task.clone(), verdict.reason.clone());
        let action = Action::PartnerDecides { task, agrees: verdict.agrees, reason };
        self.act_as(heard, &actor, case, &[action], batch).await.map(drop)
    }

    /// The event that an answer names, and the message that it answers, as the own homeserver has them.
    async fn found(&self, room: &RoomId, verdict: &Verdict) -> Result<Found, OfficeError> {
        let Some(event) = self.event_of(room, &verdict.event).await? else { return Ok(Found::NotYet) };
        let card = answered(&event).and_then(|card| EventId::parse(card).ok());
        let card = match card {
            Some(card) => self.event_of(room, &card).await?,
            // Whatever it is, it answers nothing; judging it says so.
            None => Some(Value::Null),
        };
        Ok(card.map_or(Found::NotYet, |card| Found::All { event, card }))
    }

    pub(super) async fn event_of(
        &self,
        room: &RoomId,
        event: &EventId,
    ) -> Result<Option<Value>, OfficeError> {
        // What may not be seen proves nothing.
        seen(self.kit().event_of(LOCALPART, room, event).await, None)
    }
}

/// What the homeserver says of an event; `unseen` where the bot may not see it.
pub(in crate::wire) fn seen<T>(found: Result<T, BotError>, unseen: T) -> Result<T, OfficeError> {
    match found {
        Ok(found) => Ok(found),
        Err(BotError::Broken(_)) => Ok(unseen),
        Err(BotError::Store(error)) => Err(error.into()),
        Err(BotError::Later(reason)) => Err(OfficeError::Later(reason)),
    }
}

/// What is asked for and the form, as far as there is room for it, in one language.
fn wording(case: &Case<Instance>, world: &World<'_>, pen: Pen<'_>) -> Wording {
    let mut room_bytes = PARTNER_FORM_BYTES_MAX;
    let fits = |(label, value): &(String, String)| {
        // As it is sent: signs may be longer in JSON.
        let bytes = json!([label, value]).to_string().len();
        let fits = bytes <= room_bytes;
        room_bytes = room_bytes.saturating_sub(bytes);
        fits
    };
    let form_view = form_values(case, world, pen).take_while(fits).collect();
    Wording { name: world.template.name.in_language(names_in(pen.lang)).to_owned(), form_view }
}

/// The key of the letter that asks.
fn key_of_request(case: &str, task: &str) -> String {
    format!("ask/{case}/{task}")
}
