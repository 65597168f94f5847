//! Polls of a room, said in words: apps have none on any platform. Who votes in a poll whose votes are secret is not said.
//!
//! Clients send the types of [MSC3381](https://github.com/matrix-org/matrix-spec-proposals/pull/3381); the stable ones mean the
//! same.

use std::collections::{HashMap, HashSet};

use ruma::{EventId, OwnedEventId};
use serde_json::Value;

use super::{Sending, event::Said};
use crate::{
    error::Stuck,
    limits::{POLL_ANSWERS_MAX, POLL_VOTES_MAX},
    power::Power,
};

/// What happens to a poll.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Poll {
    /// It is asked.
    Begun(Question),
    /// Somebody votes for answers, by their ids; for none to take the vote back.
    Voted { poll: OwnedEventId, answers: Vec<String> },
    /// Nobody votes any more.
    Ended { poll: OwnedEventId },
}

/// A question with its answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Question {
    text: String,
    /// Their ids and words.
    answers: Vec<(String, String)>,
    /// Whether everybody sees who votes for what.
    is_open: bool,
}

/// Whether a type is one of polls.
pub(crate) fn is_poll(kind: &str) -> bool {
    matches!(step(kind), Some("start" | "response" | "end"))
}

fn step(kind: &str) -> Option<&str> {
    kind.strip_prefix("org.matrix.msc3381.poll.").or_else(|| kind.strip_prefix("m.poll."))
}

/// Reads an event of a poll.
pub(super) fn read(kind: &str, content: &Value) -> Option<Poll> {
    let relation = &content["m.relates_to"];
    let poll = || EventId::parse(relation["event_id"].as_str()?).ok();
    match step(kind)? {
        "start" => question(content).map(Poll::Begun),
        "response" => Some(Poll::Voted { poll: poll()?, answers: votes(content) }),
        "end" => Some(Poll::Ended { poll: poll()? }),
        _ => None,
    }
}

fn question(content: &Value) -> Option<Question> {
    let block = [&content["org.matrix.msc3381.poll.start"], &content["m.poll"]];
    let block = block.into_iter().find(|block| block.is_object())?;
    let answers = block["answers"].as_array().into_iter().flatten();
    let answers = answers.filter_map(|answer| {
        let id = answer["id"].as_str().or_else(|| answer["m.id"].as_str())?;
        Some((id.to_owned(), words(answer)?))
    });
    let kind = block["kind"].as_str().unwrap_or_default();
    Some(Question {
        text: words(&block["question"])?,
        answers: answers.take(POLL_ANSWERS_MAX).collect(),
        is_open: matches!(kind, "org.matrix.msc3381.poll.disclosed" | "m.disclosed"),
    })
}

/// A text as extensible events write it, before and since they are stable.
fn words(block: &Value) -> Option<String> {
    let stable = || block["m.text"].as_array()?.iter().find_map(|one| one["body"].as_str());
    let text = block["org.matrix.msc1767.text"].as_str().or_else(stable).or_else(|| block["body"].as_str());
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn votes(content: &Value) -> Vec<String> {
    let lists = [&content["org.matrix.msc3381.poll.response"]["answers"], &content["m.selections"]];
    let ids = lists.into_iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
    ids.take(POLL_ANSWERS_MAX).map(str::to_owned).collect()
}

impl Question {
    /// The words of answers, by their ids.
    fn chosen(&self, ids: &[String]) -> Vec<&str> {
        let chosen = self.answers.iter().filter(|(id, _)| ids.contains(id));
        chosen.map(|(_, words)| words.as_str()).collect()
    }

    /// The answers, a line each, with the number of their votes where it is known.
    fn lines(&self, counts: Option<&HashMap<String, usize>>) -> String {
        let lines = self.answers.iter().enumerate().map(|(index, (id, words))| match counts {
            Some(counts) => format!("{words}: {}", counts.get(id).copied().unwrap_or_default()),
            None => format!("{}. {words}", index + 1),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Sending<'_> {
    pub(super) async fn poll(&mut self, poll: &Poll, json: &Value) -> Result<(), Stuck> {
        let (text, reply_to) = match poll {
            Poll::Begun(question) => {
                let values = [("question", question.text.as_str()), ("answers", &question.lines(None))];
                (self.told("bridge.poll.begun", &values), None)
            }
            Poll::Voted { poll, answers } => {
                let Some((question, _)) = self.question_of(poll).await? else { return Ok(()) };
                if !question.is_open {
                    return Ok(());
                }
                let chosen = question.chosen(answers).join("、");
                let key = if chosen.is_empty() { "bridge.poll.unvoted" } else { "bridge.poll.voted" };
                (self.told(key, &[("answers", &chosen)]), Some(poll))
            }
            Poll::Ended { poll } => {
                let Some((question, asker)) = self.question_of(poll).await? else { return Ok(()) };
                let bot = self.bridges.bot_intent()?;
                if asker != self.sender.as_str()
                    && !Power::read(&bot, &self.room).await?.may_take_away(&self.sender)
                {
                    return Ok(());
                }
                let related = bot.relations(&self.room, poll, "m.reference").await?;
                let counts = (related.len() <= POLL_VOTES_MAX).then(|| counted(&related));
                let lines = counts.map(|counts| question.lines(Some(&counts))).unwrap_or_default();
                let values = [("question", question.text.as_str()), ("answers", &lines)];
                (self.told("bridge.poll.ended", &values).trim_end().to_owned(), Some(poll))
            }
        };
        self.said(&Said::words(text, reply_to.cloned()), json).await
    }

    /// What a poll asks, and who asked it.
    async fn question_of(&self, poll: &EventId) -> Result<Option<(Question, String)>, Stuck> {
        let Some(event) = self.bridges.bot_intent()?.event_of(&self.room, poll).await? else {
            return Ok(None);
        };
        let asker = event["sender"].as_str().unwrap_or_default().to_owned();
        Ok(question(&event["content"]).map(|question| (question, asker)))
    }
}

/// How many voted for each answer: the newest vote of everybody counts, and they come the newest first.
fn counted(related: &[Value]) -> HashMap<String, usize> {
    let (mut counts, mut voters) = (HashMap::new(), HashSet::new());
    let is_vote = |event: &&Value| event["type"].as_str().and_then(step) == Some("response");
    for event in related.iter().filter(is_vote) {
        if voters.insert(event["sender"].as_str().unwrap_or_default()) {
            for id in votes(&event["content"]) {
                *counts.entry(id).or_default() += 1;
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_ways_to_write_a_poll_are_read() {
        let unstable = json!({ "org.matrix.msc3381.poll.start": {
            "kind": "org.matrix.msc3381.poll.disclosed", "question": { "org.matrix.msc1767.text": "吃什么" },
            "answers": [{ "id": "1", "org.matrix.msc1767.text": "面" }, { "id": "2", "org.matrix.msc1767.text": "饭" }],
        }});
        let stable = json!({ "m.poll": {
            "kind": "m.disclosed", "question": { "m.text": [{ "body": "吃什么" }] },
            "answers": [{ "m.id": "1", "m.text": [{ "body": "面" }] }, { "m.id": "2", "m.text": [{ "body": "饭" }] }],
        }});
        let Some(Poll::Begun(question)) = read("org.matrix.msc3381.poll.start", &unstable) else {
            panic!("a poll")
        };
        assert_eq!(read("m.poll.start", &stable), Some(Poll::Begun(question.clone())));
        assert!(question.is_open);
        assert_eq!(question.lines(None), "1. 面\n2. 饭");
        assert_eq!(question.chosen(&["2".into(), "9".into()]), ["饭"]);
        for nonsense in
            [json!({}), json!({ "m.poll": {} }), json!({ "m.poll": { "question": { "m.text": [] } } })]
        {
            assert_eq!(read("m.poll.start", &nonsense), None);
        }
        assert!(is_poll("m.poll.end") && !is_poll("m.poll.other") && !is_poll("m.room.message"));
    }

    #[test]
    fn the_newest_vote_of_everybody_counts() {
        let vote = |sender: &str, id: &str| json!({ "type": "m.poll.response", "sender": sender, "content": { "m.selections": [id] } });
        let end = json!({ "type": "m.poll.end", "sender": "@a:test", "content": {} });
        let counts = counted(&[end, vote("@a:test", "2"), vote("@b:test", "1"), vote("@a:test", "1")]);
        assert_eq!(counts, HashMap::from([("1".to_owned(), 1), ("2".to_owned(), 1)]));
    }
}
