//! The partner's side: somebody here is asked for another server's case, until they decide or it is over.
//!
//! Who is asked holds the role `partner.` and the capability: nobody else's bot can reach people who were not given to it.

use cases::{Beginning, Case, Decision, Entry, Record, Refusal, Source, Via, hash_of, origin_of};
use kit::{CallError, Heard, Letter, PREFIX, To};
use office::record_letter;
use people::{Chart, PersonId};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Batch;

use super::{Answer, Ended, Outcome, Over, Request, VERSION};
use crate::{
    OfficeError,
    limits::PARTNER_REQUESTS_MAX,
    wire::{Approvals, LOCALPART},
};

/// The kind of these cases.
pub(in crate::wire) const KIND: &str = "request";

/// What their numbers begin with.
pub(in crate::wire) const NUMBER_PREFIX: &str = "PR";

/// Begins the roles of people who may be asked for other servers.
const ROLE_PREFIX: &str = "partner.";

/// The list of the requests that wait for somebody.
pub(super) const OF_PERSON: &str = "of_person";

pub(super) const ASKED: &str = "asked";
pub(super) const APPROVED: &str = "approved";
pub(super) const REJECTED: &str = "rejected";

/// A request of another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Requested {
    pub request: Request,
    pub room: OwnedRoomId,
    pub event: OwnedEventId,
    pub bot: OwnedUserId,
    /// Who may decide.
    pub people: Vec<PersonId>,
    /// Who said no and owes a reason, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owes: Vec<Owes>,
    /// Who decided, and when.
    pub decided: Option<(PersonId, u64)>,
    /// Why nobody has to decide any more, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<(Ended, u64)>,
}

/// A rejection that waits for its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owes {
    /// Whose.
    pub by: PersonId,
    /// Until when, in ms since 1970.
    pub until_ms: u64,
    /// The tap, or the word, that began it; a tap that is taken back ends it.
    pub source: OwnedEventId,
}

impl Requested {
    /// Whether somebody is still to decide.
    pub const fn is_open(&self) -> bool {
        self.decided.is_none() && self.over.is_none()
    }

    /// E101 with who is asked.
    pub fn not_yours(&self, chart: &Chart) -> Refusal {
        let names = self.people.iter().filter_map(|id| chart.active(id));
        let names: Vec<&str> = names.map(|person| person.name.as_str()).collect();
        Refusal::new("E101").with("who", names.join("、"))
    }
}

impl Approvals {
    /// The bot of a partner asks for somebody.
    pub(super) async fn requested(
        &self,
        heard: &Heard,
        request: Request,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let house = self.house().await?;
        let chart = house.chart();
        let server = heard.sender.server_name();
        self.learn_first_keys(heard, &request.keys, batch).await?;
        let role = role_for(&request);
        let people: Vec<PersonId> = chart.in_role(&role).to_vec();
        let waiting = house.cases.listed(KIND, "of_server", server.as_str()).await?;
        if people.is_empty() || waiting.len() >= PARTNER_REQUESTS_MAX {
            tracing::info!(role, %server, "nobody is asked for a partner");
            let of = (request.no.as_str(), request.task.as_str(), &heard.event_id);
            self.put_answer(batch, &heard.room, of, "n", Outcome::Nobody);
            return Ok(());
        }
        let (_, origin) = origin_of(&request).map_err(cases::CasesError::from)?;
        let data = Requested {
            request: request.clone(),
            room: heard.room.clone(),
            event: heard.event_id.clone(),
            bot: heard.sender.clone(),
            people,
            owes: Vec::new(),
            decided: None,
            over: None,
        };
        let day = house.today(heard.received_ms).strftime("%Y%m%d").to_string();
        let beginning =
            Beginning { kind: KIND, prefix: NUMBER_PREFIX, day: &day, state: ASKED, origin, data };
        let case = house.cases.begin(batch, beginning).await?;
        let case = self.write_request(batch, None, case, (heard, "asked", "", None)).await?.0;
        let of = (request.no.as_str(), request.task.as_str(), &heard.event_id);
        self.put_answer(batch, &heard.room, of, "a", Outcome::Asks);
        self.ask_here(batch, &case, &case.data.people, &chart).await
    }

    /// Asks people of ours for another server's case: with a card where they are in its room, else they are asked in.
    pub(super) async fn ask_here(
        &self,
        batch: &mut Batch,
        case: &Case<Requested>,
        people: &[PersonId],
        chart: &Chart,
    ) -> Result<(), OfficeError> {
        let members = self.members_of(&case.data.room).await?;
        for person in people {
            let Some(account) = chart.active(person).and_then(|person| person.account.as_ref()) else {
                continue;
            };
            if members.contains(account) {
                self.put_request_card(batch, case, person, account).await?;
                continue;
            }
            let mut letter = Letter::message(
                format!("pi/{}/{person}", case.id),
                LOCALPART,
                To::Room(case.data.room.clone()),
                json!({ "membership": "invite" }),
            );
            letter.kind = "m.room.member".to_owned();
            letter.state_key = Some(account.to_string());
            self.kit().outbox().put(batch, letter);
        }
        Ok(())
    }

    pub(in crate::wire) async fn members_of(
        &self,
        room: &OwnedRoomId,
    ) -> Result<Vec<OwnedUserId>, OfficeError> {
        let Some(intent) = self.kit().intent(LOCALPART) else { return Ok(Vec::new()) };
        match intent.joined_members(room).await {
            Ok(members) => Ok(members),
            // The bot is not there any more.
            Err(CallError::Refused { .. }) => Ok(Vec::new()),
            Err(error @ (CallError::Limited(_) | CallError::Unreachable(_))) => {
                Err(OfficeError::Later(error.to_string()))
            }
        }
    }

    /// Somebody of ours came into a room: if they are asked for another server's case there, they see its card now.
    pub(in crate::wire) async fn came_to_decide(
        &self,
        heard: &Heard,
        user: &OwnedUserId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let chart = self.house().await?.chart();
        let Some(person) = chart.by_account(user) else { return Ok(()) };
        for case in self.requests_in(&heard.room).await? {
            if case.data.people.contains(&person.id) {
                self.put_request_card(batch, &case, &person.id, user).await?;
            }
        }
        Ok(())
    }

    /// The requests in a room that wait for somebody here.
    async fn requests_in(&self, room: &OwnedRoomId) -> Result<Vec<Case<Requested>>, OfficeError> {
        let cases = &self.house().await?.cases;
        let mut found = Vec::new();
        for id in cases.listed(KIND, "of_room", room.as_str()).await? {
            found.extend(cases.get::<Requested>(&id).await?.filter(|case| case.data.is_open()));
        }
        Ok(found)
    }

    /// The bot of a partner says that nobody has to decide any more: the cards say so.
    pub(super) async fn request_is_over(
        &self,
        heard: &Heard,
        over: &Over,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let is_meant = |case: &Case<Requested>| {
            let Requested { request, bot, .. } = &case.data;
            *bot == heard.sender && request.no == over.no && request.task == over.task
        };
        let Some(case) = self.requests_in(&heard.room).await?.into_iter().find(is_meant) else {
            return Ok(());
        };
        let mut after = case.clone();
        after.state = over.state.state().to_owned();
        after.data.over = Some((over.state, heard.received_ms));
        after.data.owes.clear();
        let (after, _) = self.write_request(batch, Some(&case), after, (heard, "over", ASKED, None)).await?;
        self.edit_request_cards(batch, &after).await
    }

    /// Writes a request with a record of what was done; the partner gets the record, too.
    pub(super) async fn write_request(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Requested>>,
        mut case: Case<Requested>,
        (heard, action, from, reason): (&Heard, &str, &str, Option<&str>),
    ) -> Result<(Case<Requested>, Option<Record>), OfficeError> {
        case.lists = lists(&case);
        let entry = Entry {
            action: action.to_owned(),
            actor: heard.sender.to_string(),
            on_behalf_of: None,
            via: Via::Matrix,
            source: Some(Source::event(heard.room.clone(), heard.event_id.clone())),
            link: None,
            node: None,
            task: Some(case.data.request.task.clone()),
            from: from.to_owned(),
            to: case.state.clone(),
            form_sha256: None,
            reason_sha256: reason.map(|reason| hash_of(reason.as_bytes())),
            template: format!("request {}", case.data.event),
            at_ms: heard.received_ms,
        };
        let decision = Decision::<_, ()> { case, entries: vec![entry], effects: Vec::new() };
        let (after, _, records) = self.house().await?.cases.write_recorded(batch, before, decision)?;
        Box::pin(self.hand_keys(batch, To::Room(after.data.room.clone()), 1)).await?;
        for record in &records {
            let key = format!("rec/{}/{}", after.id, record.seq);
            let to = To::Room(after.data.room.clone());
            let letter = Letter { to, ..record_letter(LOCALPART, "", key, record) };
            self.kit().outbox().put(batch, letter);
        }
        Ok((after, records.into_iter().next_back()))
    }

    /// Answers the bot of a partner: `of` is the number and the task of its case, and the event that asked.
    pub(super) fn put_answer(
        &self,
        batch: &mut Batch,
        room: &OwnedRoomId,
        (no, task, request): (&str, &str, &OwnedEventId),
        what: &str,
        outcome: Outcome,
    ) {
        let (no, task) = (no.to_owned(), task.to_owned());
        let answer = Answer { v: VERSION, no, task, request: request.clone(), outcome };
        let content = serde_json::to_value(answer).unwrap_or_default();
        let key = format!("pa/{request}/{what}");
        let mut letter = Letter::message(key, LOCALPART, To::Room(room.clone()), content);
        letter.kind = format!("{PREFIX}answer");
        self.kit().outbox().put(batch, letter);
    }
}

fn lists(case: &Case<Requested>) -> std::collections::BTreeSet<(String, String)> {
    if !case.data.is_open() {
        return Default::default();
    }
    let of = |list: &str, who: &str| (list.to_owned(), who.to_owned());
    let places =
        [of("of_server", case.data.bot.server_name().as_str()), of("of_room", case.data.room.as_str())];
    places.into_iter().chain(case.data.people.iter().map(|person| of(OF_PERSON, &person.0))).collect()
}

/// The role of those here who may be asked for what a request needs.
pub(super) fn role_for(request: &Request) -> String {
    format!("{ROLE_PREFIX}{}", request.capability)
}
