//! Plain messages and reactions: answers under cards, picks, decisions, lines of minutes.

use calendar::{Partstat, RecurrenceId};
use cases::{Case, Refusal};
use kit::{Heard, normalised_reaction};
use ruma::UserId;
use store::Batch;

use super::{KIND, Meetings};
use crate::{
    MeetingsError,
    act::Action,
    card::{HERE, Letters, PICKS, of_key},
    line,
    meeting::{Meeting, state},
    tables::{Asked, DRAFT},
};

/// What a short answer under a card means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Comes(Partstat),
    OtherTime,
}

fn meaning(word: &str) -> Option<Said> {
    Some(match normalised_reaction(word).to_lowercase().as_str() {
        "✅" | "接受" | "参加" | "同意" | "accept" | "yes" | "ok" => Said::Comes(Partstat::Accepted),
        "❔" | "待定" | "tentative" | "maybe" => Said::Comes(Partstat::Tentative),
        "❌" | "拒绝" | "不参加" | "decline" | "no" => Said::Comes(Partstat::Declined),
        "🔁" | "另提" | "另提时间" | "propose" => Said::OtherTime,
        _ => return None,
    })
}

/// Yes or no, to a question of the bot.
fn decision(word: &str) -> Option<bool> {
    match meaning(word)? {
        Said::Comes(Partstat::Accepted) => Some(true),
        Said::Comes(Partstat::Declined) => Some(false),
        Said::Comes(_) | Said::OtherTime => None,
    }
}

impl Meetings {
    pub(crate) async fn word(
        &self,
        heard: &Heard,
        text: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        if Box::pin(self.answered(heard, text, batch)).await? {
            return Ok(());
        }
        let Some((id, letters)) = heard.on.as_deref().and_then(of_key) else { return Ok(()) };
        let Some(case) = self.case(id).await? else { return Ok(()) };
        let (first, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        let action = match letters {
            Letters::Minutes(id) => Action::Write { id, text: text.to_owned() },
            Letters::Choice => match first.parse::<usize>() {
                Ok(number @ 1..=5) => Action::Pick(number - 1),
                Ok(_) | Err(_) => return Ok(()),
            },
            Letters::Stranger(_) | Letters::Counter(_) => {
                match decision(first).and_then(|yes| decided(&letters, yes)) {
                    Some(action) => action,
                    None => return Ok(()),
                }
            }
            Letters::Card => match meaning(first) {
                Some(Said::Comes(partstat)) => match instance(&case, rest, heard.received_ms) {
                    Ok(instance) => Action::Answer { partstat, instance, stamp: None },
                    Err(refusal) => return self.refuse(heard, &refusal, batch).await,
                },
                Some(Said::OtherTime) if rest.is_empty() => {
                    return self.ask_counter(heard, &case.id, None, batch).await;
                }
                Some(Said::OtherTime) => {
                    return Box::pin(self.proposed(heard, &case.id, None, rest, batch)).await;
                }
                // People talk under cards.
                None => return Ok(()),
            },
            Letters::Poll | Letters::Question => return Ok(()),
        };
        self.act(heard, case, &action, batch).await.map(drop)
    }

    pub(crate) async fn reaction(
        &self,
        heard: &Heard,
        reaction: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let Some((id, letters)) = heard.on.as_deref().and_then(of_key) else { return Ok(()) };
        let Some(case) = self.case(id).await? else { return Ok(()) };
        let action = match (&letters, meaning(reaction)) {
            (Letters::Card, Some(Said::Comes(partstat))) => {
                Action::Answer { partstat, instance: None, stamp: None }
            }
            (Letters::Card, Some(Said::OtherTime)) => {
                return match case.data.is_organized_by(&heard.sender) {
                    true => Ok(()),
                    false => self.ask_counter(heard, &case.id, None, batch).await,
                };
            }
            (Letters::Card, None) if reaction == HERE => Action::Attend,
            (Letters::Choice, _) => {
                let place = PICKS.iter().position(|sign| normalised_reaction(sign) == reaction);
                match place {
                    Some(place) => Action::Pick(place),
                    None => return Ok(()),
                }
            }
            (Letters::Stranger(_) | Letters::Counter(_), _) => {
                match decision(reaction).and_then(|yes| decided(&letters, yes)) {
                    Some(action) => action,
                    None => return Ok(()),
                }
            }
            (Letters::Card | Letters::Poll | Letters::Minutes(_) | Letters::Question, _) => return Ok(()),
        };
        self.act(heard, case, &action, batch).await.map(drop)
    }

    /// What was counted stays, and the bot says so (E104). A question that waits for its answer is dropped.
    pub(crate) async fn reaction_taken_back(
        &self,
        heard: &Heard,
        reaction: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let Some((id, Letters::Card)) = heard.on.as_deref().and_then(of_key) else { return Ok(()) };
        let Some(case) = self.case(id).await? else { return Ok(()) };
        match meaning(reaction) {
            Some(Said::OtherTime) => {
                let draft = self.kit().store().get(&DRAFT, &heard.sender).await?;
                let waits = |asked: &Asked| matches!(asked, Asked::Counter { case, .. } if *case == id);
                if draft.is_some_and(|draft| waits(&draft.asked)) {
                    batch.delete(&DRAFT, &heard.sender);
                    self.reply(batch, heard, "mt.told.dropped", &[]).await?;
                }
                Ok(())
            }
            Some(Said::Comes(partstat)) if answered_so(&case, &heard.sender, partstat) => {
                self.reply(batch, heard, "E104", &[("options", "✅ ❔ ❌ 🔁")]).await
            }
            Some(Said::Comes(_)) | None => Ok(()),
        }
    }

    /// Votes count for the poll that they are in.
    pub(crate) async fn vote(
        &self,
        heard: &Heard,
        answers: &[String],
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let Some((id, Letters::Poll)) = heard.on.as_deref().and_then(of_key) else { return Ok(()) };
        let Some(case) = self.case(id).await? else { return Ok(()) };
        let slots = case.data.finding.as_ref().map_or(0, |finding| finding.slots.len());
        let action = Action::Vote(crate::poll::chosen(answers, slots));
        self.act(heard, case, &action, batch).await.map(drop)
    }

    /// Who is in the call of a room is at the meeting that takes place there.
    pub(crate) async fn in_call(&self, heard: &Heard, batch: &mut Batch) -> Result<(), MeetingsError> {
        for id in self.cases().await?.listed(KIND, "room", heard.room.as_str()).await? {
            let case = self.case(&id).await?.filter(|case| case.state == state::LIVE);
            if let Some(case) = case {
                self.act(heard, case, &Action::Attend, batch).await?;
            }
        }
        Ok(())
    }
}

fn decided(letters: &Letters<'_>, yes: bool) -> Option<Action> {
    match letters {
        Letters::Stranger(user) => Some(Action::Admit { who: user.parse().ok()?, is_welcome: yes }),
        Letters::Counter(number) => Some(Action::Decide { number: *number, is_taken: yes }),
        Letters::Card | Letters::Poll | Letters::Choice | Letters::Minutes(_) | Letters::Question => None,
    }
}

fn answered_so(case: &Case<Meeting>, user: &UserId, partstat: Partstat) -> bool {
    case.data.guests().any(|(guest, attendee)| guest == user && attendee.partstat == partstat)
}

/// The instance that an answer is for: `本次`, a day, or none for all of them.
fn instance(case: &Case<Meeting>, text: &str, now_ms: u64) -> Result<Option<RecurrenceId>, Refusal> {
    let event = &case.data.event;
    if text.is_empty() || event.rrule.is_none() {
        return Ok(None);
    }
    let words = match line::scoped(text) {
        (Some(line::Scope::This), _) => return Ok(case.data.round.as_ref().map(|round| round.id)),
        (Some(line::Scope::All), _) => return Ok(None),
        (Some(line::Scope::Following) | None, words) => words,
    };
    let unclear = || Refusal::new("E203").with("text", text);
    let date = line::read(words, event.zone.local(now_ms)).date.ok_or_else(unclear)?;
    let all = crate::desk::occurrences(event, now_ms)?;
    all.iter().find(|at| at.start.date() == date).map(|at| Some(at.id)).ok_or_else(unclear)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_answers_mean_what_people_mean() {
        for (word, expected) in [
            ("✅", Some(Said::Comes(Partstat::Accepted))),
            ("OK", Some(Said::Comes(Partstat::Accepted))),
            ("待定", Some(Said::Comes(Partstat::Tentative))),
            ("decline", Some(Said::Comes(Partstat::Declined))),
            ("🔁", Some(Said::OtherTime)),
            ("okay", None),
            ("不接受", None),
        ] {
            assert_eq!(meaning(word), expected, "{word}");
        }
        assert_eq!((decision("yes"), decision("❌"), decision("maybe")), (Some(true), Some(false), None));
    }
}
