//! The partner's side: somebody here is asked for another server's case, and what they decide is told with their event.
//!
//! Who is asked holds the role `partner.` and the capability: nobody else's bot can reach people who were not given to it.

use cases::{Beginning, Case, Decision, Entry, Source, Via, hash_of, limits::LISTED_MAX, origin_of};
use kit::{Heard, Letter, PREFIX, Related, Relation, To, message};
use people::PersonId;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Batch;

use super::{Answer, Outcome, Request, VERSION, Verdict};
use crate::{
    OfficeError,
    limits::{CARD_LINES_MAX, REASON_BYTES_MAX},
    wire::{
        Approvals, LOCALPART,
        words::{Word, meaning},
    },
};

/// The kind of these cases.
const KIND: &str = "request";

/// What their numbers begin with.
const NUMBER_PREFIX: &str = "PR";

/// Begins the roles of people who may be asked for other servers.
const ROLE_PREFIX: &str = "partner.";

/// Begins the keys of their cards.
const CARD: &str = "p/";

const ASKED: &str = "asked";
const APPROVED: &str = "approved";
const REJECTED: &str = "rejected";

/// A request of another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Requested {
    request: Request,
    room: OwnedRoomId,
    event: OwnedEventId,
    bot: OwnedUserId,
    /// Who may decide.
    people: Vec<PersonId>,
    /// Who said no and owes a reason.
    owes_reason: Option<PersonId>,
    /// Who decided, and when.
    decided: Option<(PersonId, u64)>,
}

/// The case and the person of the key of a card.
pub(in crate::wire) fn card_of_request(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix(CARD)?.split_once('/')
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
        let role = format!("{ROLE_PREFIX}{}", request.capability);
        let people: Vec<PersonId> = chart.in_role(&role).to_vec();
        let waiting = house.cases.listed(KIND, "of_server", heard.sender.server_name().as_str()).await?;
        if people.is_empty() || waiting.len() >= LISTED_MAX {
            tracing::info!(role, server = %heard.sender.server_name(), "nobody is asked for a partner");
            self.put_answer(batch, heard, &request, &heard.event_id, "n", Outcome::Nobody);
            return Ok(());
        }
        let (_, origin) = origin_of(&request).map_err(cases::CasesError::from)?;
        let data = Requested {
            request: request.clone(),
            room: heard.room.clone(),
            event: heard.event_id.clone(),
            bot: heard.sender.clone(),
            people,
            owes_reason: None,
            decided: None,
        };
        let day = house.today(heard.received_ms).strftime("%Y%m%d").to_string();
        let beginning =
            Beginning { kind: KIND, prefix: NUMBER_PREFIX, day: &day, state: ASKED, origin, data };
        let mut case = house.cases.begin(batch, beginning).await?;
        case.lists = lists(&case);
        let entry = self.entry(&case, heard, &heard.sender, "asked", "", None);
        let decision = Decision::<_, ()> { case, entries: vec![entry], effects: Vec::new() };
        let (case, _) = house.cases.write(batch, None, decision)?;
        self.put_answer(batch, heard, &request, &heard.event_id, "a", Outcome::Asks);
        let members = self.members_of(&heard.room).await?;
        for person in &case.data.people {
            let Some(account) = chart.active(person).and_then(|person| person.account.as_ref()) else {
                continue;
            };
            if members.contains(account) {
                self.put_request_card(batch, &case, person, account).await?;
                continue;
            }
            let mut letter = Letter::message(
                format!("pi/{}/{person}", case.id),
                LOCALPART,
                To::Room(heard.room.clone()),
                json!({ "membership": "invite" }),
            );
            letter.kind = "m.room.member".to_owned();
            letter.state_key = Some(account.to_string());
            self.kit().outbox().put(batch, letter);
        }
        Ok(())
    }

    async fn members_of(&self, room: &OwnedRoomId) -> Result<Vec<OwnedUserId>, OfficeError> {
        let Some(intent) = self.kit().intent(LOCALPART) else { return Ok(Vec::new()) };
        intent.joined_members(room).await.map_err(|error| OfficeError::Later(error.to_string()))
    }

    /// Somebody of ours came into a room: if they are asked for another server's case there, they see its card now.
    pub(in crate::wire) async fn came_to_decide(
        &self,
        heard: &Heard,
        user: &OwnedUserId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let house = self.house().await?;
        let chart = house.chart();
        let Some(person) = chart.by_account(user) else { return Ok(()) };
        for id in house.cases.listed(KIND, "of_room", heard.room.as_str()).await? {
            let Some(case) = house.cases.get::<Requested>(&id).await? else { continue };
            if case.data.people.contains(&person.id) && case.data.decided.is_none() {
                self.put_request_card(batch, &case, &person.id, user).await?;
            }
        }
        Ok(())
    }

    async fn put_request_card(
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

    async fn request_card(
        &self,
        case: &Case<Requested>,
        account: &OwnedUserId,
        rings: bool,
    ) -> Result<Value, OfficeError> {
        let pen = self.pen(self.language_of_account(account).await?);
        let request = &case.data.request;
        let key = match case.state.as_str() {
            APPROVED => "state.approved",
            REJECTED => "state.rejected",
            _ => "state.pending",
        };
        let state = pen.say(key, &[]);
        let mut lines = vec![format!("[{state}] {} {} · {}", request.no, request.name, request.starter)];
        lines.push(pen.say("partner.from", &[("server", case.data.bot.server_name().as_str())]));
        let fields = request.form_view.iter().map(|(label, value)| format!("{label}: {value}"));
        lines.extend(fields.take(CARD_LINES_MAX - 3).map(|line| line.replace('\n', " ")));
        if case.data.decided.is_none() {
            lines.push(pen.say("partner.actions", &[]));
        }
        let mut content = message(&lines.join("\n"), rings.then_some(account));
        content["msgtype"] = json!(if rings { "m.text" } else { "m.notice" });
        content[format!("{PREFIX}card")] = json!({
            "v": 1, "kind": "approval", "id": case.id, "no": case.no, "rev": case.rev, "state": case.state,
            "request": case.data.event,
        });
        Ok(content)
    }

    /// Somebody taps or answers on the card of another server's case. `said` is a text; a tap is its key.
    pub(in crate::wire) async fn decides_for_partner(
        &self,
        heard: &Heard,
        id: &str,
        said: Said<'_>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let house = self.house().await?;
        let chart = house.chart();
        let Some(case) = house.cases.get::<Requested>(id).await? else { return Ok(()) };
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let person = chart.by_account(&heard.sender).map(|person| person.id.clone());
        let Some(me) = person.filter(|me| case.data.people.contains(me)) else {
            let names = case.data.people.iter().filter_map(|id| chart.person(id));
            let who = names.map(|person| person.name.as_str()).collect::<Vec<_>>().join("、");
            if matches!(said, Said::Tap(_)) {
                self.answer(batch, heard, &pen.say("E101", &[("who", &who)]));
            }
            return Ok(());
        };
        if let Some((by, at_ms)) = &case.data.decided {
            let who = chart.person(by).map_or(by.0.as_str(), |person| &person.name);
            let result = if case.state == APPROVED { "result.approved" } else { "result.rejected" };
            let (time, result) = (house.time(*at_ms), pen.say(result, &[]));
            let values = [("who", who), ("time", &time), ("via", "Matrix"), ("result", &result)];
            self.answer(batch, heard, &pen.say("E103", &values));
            return Ok(());
        }
        let owes = case.data.owes_reason.as_ref() == Some(&me);
        match said {
            Said::Tap("✅") => self.decided_for_partner(heard, case, me, true, None, batch).await,
            Said::Tap("❌") => {
                let mut decision =
                    Decision::<_, ()> { case: case.clone(), entries: Vec::new(), effects: Vec::new() };
                decision.case.data.owes_reason = Some(me);
                house.cases.write(batch, Some(&case), decision)?;
                self.answer(batch, heard, &pen.say("E111", &[]));
                Ok(())
            }
            Said::Tap(_) => Ok(()),
            Said::Text(text) if text.len() > REASON_BYTES_MAX => Ok(()),
            Said::Text(text) => match meaning(text) {
                Word::Yes(comment) => self.decided_for_partner(heard, case, me, true, comment, batch).await,
                Word::No(Some(reason)) => {
                    self.decided_for_partner(heard, case, me, false, Some(reason), batch).await
                }
                Word::Other if owes => {
                    let reason = Some(text.trim().to_owned());
                    self.decided_for_partner(heard, case, me, false, reason, batch).await
                }
                Word::No(None) => {
                    self.answer(batch, heard, &pen.say("E111", &[]));
                    Ok(())
                }
                Word::Submit | Word::Cancel | Word::Other => Ok(()),
            },
        }
    }

    async fn decided_for_partner(
        &self,
        heard: &Heard,
        case: Case<Requested>,
        me: PersonId,
        agrees: bool,
        reason: Option<String>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let house = self.house().await?;
        let mut after = case.clone();
        after.state = if agrees { APPROVED } else { REJECTED }.to_owned();
        after.data.decided = Some((me, heard.received_ms));
        after.data.owes_reason = None;
        after.lists = lists(&after);
        let action = if agrees { "approve" } else { "reject" };
        let entry = self.entry(&after, heard, &heard.sender, action, ASKED, reason.as_deref());
        let decision = Decision::<_, ()> { case: after, entries: vec![entry], effects: Vec::new() };
        let (after, _, records) = house.cases.write_recorded(batch, Some(&case), decision)?;
        let Some(record) = records.into_iter().next_back() else { return Ok(()) };
        let verdict = Verdict {
            agrees,
            actor: heard.sender.clone(),
            event: heard.event_id.clone(),
            reason,
            record,
            keys: house.cases.signer().public().texts(),
        };
        let request = after.data.request.clone();
        self.put_answer(batch, heard, &request, &after.data.event, "d", Outcome::Decided(verdict));
        let chart = house.chart();
        for person in &after.data.people {
            let key = format!("{CARD}{}/{person}", after.id);
            let Some(account) = chart.person(person).and_then(|person| person.account.as_ref()) else {
                continue;
            };
            if self.kit().sent(&key).await?.is_none() {
                continue;
            }
            let content = self.request_card(&after, account, false).await?;
            let to = To::Room(after.data.room.clone());
            let edit = Letter::message(format!("{key}/{}", after.rev), LOCALPART, to, content);
            let edit = edit.offering([]).relating(Relation::Edits(Related::Letter(key)));
            self.kit().outbox().put(batch, edit);
        }
        Ok(())
    }

    fn entry(
        &self,
        case: &Case<Requested>,
        heard: &Heard,
        actor: &OwnedUserId,
        action: &str,
        from: &str,
        reason: Option<&str>,
    ) -> Entry {
        Entry {
            action: action.to_owned(),
            actor: actor.to_string(),
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
        }
    }

    fn put_answer(
        &self,
        batch: &mut Batch,
        heard: &Heard,
        request: &Request,
        event: &OwnedEventId,
        what: &str,
        outcome: Outcome,
    ) {
        let answer = Answer {
            v: VERSION,
            no: request.no.clone(),
            task: request.task.clone(),
            request: event.clone(),
            outcome,
        };
        let content = serde_json::to_value(answer).unwrap_or_default();
        let key = format!("pa/{event}/{what}");
        let mut letter = Letter::message(key, LOCALPART, To::Room(heard.room.clone()), content);
        letter.kind = format!("{PREFIX}answer");
        self.kit().outbox().put(batch, letter);
    }
}

/// What somebody says on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire) enum Said<'a> {
    Tap(&'a str),
    Text(&'a str),
}

fn lists(case: &Case<Requested>) -> std::collections::BTreeSet<(String, String)> {
    if case.data.decided.is_some() {
        return Default::default();
    }
    let of = |list: &str, who: &str| (list.to_owned(), who.to_owned());
    [of("of_server", case.data.bot.server_name().as_str()), of("of_room", case.data.room.as_str())].into()
}
