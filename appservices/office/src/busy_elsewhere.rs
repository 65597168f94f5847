//! When people have no time by the calendars of other platforms: the bridges' bot is asked, and what it says is heard some seconds
//! later, or never.

use std::collections::{BTreeMap, BTreeSet};

use kit::{Heard, Kit};
use ruma::OwnedUserId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Batch, StoreError};

use crate::{elsewhere::said_by_bridge, entries::say_to_bridge};

/// People in one question: the answer has to fit into an event, and may tell [`TIMES_MAX`] times of each.
const PEOPLE_OF_QUESTION_MAX: usize = 8;

/// Longest time of one question, in milliseconds: two weeks.
const QUESTION_MS_MAX: u64 = 14 * 24 * 60 * 60 * 1_000;

/// Most questions that one search asks.
const QUESTIONS_MAX: usize = 50;

/// As many times of one person an answer tells at most: where it tells so many there may be more.
const TIMES_MAX: usize = 200;

/// What is wanted of the platforms.
#[derive(Clone, Copy, Debug)]
pub struct BusyQuestion<'a> {
    /// Which question this is, for ever.
    pub id: &'a str,
    /// About whom, by their accounts here.
    pub people: &'a BTreeSet<OwnedUserId>,
    /// From when on, in milliseconds since 1970.
    pub from_ms: u64,
    /// Until when.
    pub until_ms: u64,
}

/// A time that a platform says somebody has none in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusyTime {
    /// Its first millisecond since 1970.
    pub from_ms: u64,
    /// The first millisecond behind it.
    pub until_ms: u64,
    /// Whether they may have after all.
    pub is_tentative: bool,
}

/// What the platforms say to one part of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusyAnswer {
    /// The question.
    pub id: String,
    /// Which part of it.
    pub part: usize,
    /// Those who are somewhere; none for those of whom the platform does not say it. In no order.
    pub people: BTreeMap<OwnedUserId, Option<Vec<BusyTime>>>,
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusyAsked {
    /// Nobody: no platform is bridged.
    Nobody,
    /// So many answers are to come, by the numbers of their parts from 0 on.
    Parts(usize),
    /// Nobody: it would be too many questions, and nothing can be known.
    TooMuch,
}

/// Has the platforms asked.
///
/// # Errors
/// When the store cannot be read.
pub async fn ask_busy_elsewhere(
    kit: &Kit,
    batch: &mut Batch,
    bot: &str,
    question: BusyQuestion<'_>,
) -> Result<BusyAsked, StoreError> {
    if kit.bridge().is_none() || question.people.is_empty() {
        return Ok(BusyAsked::Nobody);
    }
    let parts = parts(question);
    if parts.len() > QUESTIONS_MAX {
        return Ok(BusyAsked::TooMuch);
    }
    for (part, (people, from_ms, until_ms)) in parts.iter().enumerate() {
        let id = format!("{}/{part}", question.id);
        let content = json!({
            "v": 1, "id": id, "people": people, "from_ms": from_ms, "until_ms": until_ms,
        });
        say_to_bridge(kit, batch, bot, ("ask_busy", &id), content).await?;
    }
    Ok(BusyAsked::Parts(parts.len()))
}

/// A question in parts that are small enough: of some people each, and of two weeks.
fn parts(question: BusyQuestion<'_>) -> Vec<(Vec<&OwnedUserId>, u64, u64)> {
    let people: Vec<&OwnedUserId> = question.people.iter().collect();
    let weeks = (question.from_ms..question.until_ms).step_by(QUESTION_MS_MAX as usize);
    let spans: Vec<(u64, u64)> =
        weeks.map(|from_ms| (from_ms, question.until_ms.min(from_ms + QUESTION_MS_MAX))).collect();
    let some = people.chunks(PEOPLE_OF_QUESTION_MAX);
    some.flat_map(|some| spans.iter().map(|(from, until)| (some.to_vec(), *from, *until))).collect()
}

/// An answer as it is written.
#[derive(Deserialize)]
struct Said {
    id: String,
    people: Vec<Person>,
}

#[derive(Deserialize)]
struct Person {
    account: OwnedUserId,
    times: Option<Vec<(u64, u64, bool)>>,
}

/// The answer that was heard; none for everything else, and for what anybody but the bridges' bot says.
///
/// # Errors
/// When the store cannot be read.
pub async fn busy_elsewhere_of(
    kit: &Kit,
    bot: &str,
    heard: &Heard,
) -> Result<Option<BusyAnswer>, StoreError> {
    let said = said_by_bridge(kit, bot, heard).await?.filter(|(said, _)| *said == "busy");
    Ok(said.and_then(|(_, content)| read(content)))
}

fn read(content: &serde_json::Value) -> Option<BusyAnswer> {
    let said = Said::deserialize(content).ok()?;
    let (id, part) = said.id.rsplit_once('/')?;
    if said.people.len() > PEOPLE_OF_QUESTION_MAX {
        return None;
    }
    let people = said.people.into_iter().map(|person| {
        let times = person.times.filter(|times| times.len() < TIMES_MAX);
        let times = times.map(|times| {
            let times = times.into_iter().filter(|(from_ms, until_ms, _)| from_ms < until_ms);
            times
                .map(|(from_ms, until_ms, is_tentative)| BusyTime { from_ms, until_ms, is_tentative })
                .collect()
        });
        (person.account, times)
    });
    Some(BusyAnswer { id: id.to_owned(), part: part.parse().ok()?, people: people.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_asked_in_parts() {
        let people: BTreeSet<OwnedUserId> =
            (0..18).map(|number| format!("@p{number}:test").try_into().unwrap()).collect();
        let question = BusyQuestion { id: "q", people: &people, from_ms: 5, until_ms: QUESTION_MS_MAX + 6 };
        let parts = parts(question);
        let sizes: Vec<_> = parts.iter().map(|(people, from, until)| (people.len(), until - from)).collect();
        assert_eq!(
            sizes,
            [(8, QUESTION_MS_MAX), (8, 1), (8, QUESTION_MS_MAX), (8, 1), (2, QUESTION_MS_MAX), (2, 1)]
        );
    }

    #[test]
    fn an_answer_is_read_within_bounds() {
        let answer = |people: serde_json::Value| read(&json!({ "v": 1, "id": "$a:b/3", "people": people }));
        let fine = answer(json!([
            { "account": "@a:test", "times": [[1, 2, false], [5, 5, false], [3, 9, true]] },
            { "account": "@b:test", "times": null },
        ]));
        let fine = fine.unwrap();
        assert_eq!((&*fine.id, fine.part), ("$a:b", 3));
        let times: Vec<_> = fine.people.into_values().collect();
        let time = |from_ms, until_ms, is_tentative| BusyTime { from_ms, until_ms, is_tentative };
        assert_eq!(times, [Some(vec![time(1, 2, false), time(3, 9, true)]), None]);
        let many = answer(json!([{ "account": "@a:test", "times": vec![(1, 2, false); TIMES_MAX] }]));
        assert_eq!(many.unwrap().people.into_values().next(), Some(None), "there may be more");
        let crowd = vec![json!({ "account": "@a:test", "times": null }); PEOPLE_OF_QUESTION_MAX + 1];
        for wrong in [
            read(&json!({ "id": "q", "people": [] })),
            read(&json!({ "id": "q/x", "people": [] })),
            answer(json!([{ "account": "nobody", "times": [] }])),
            answer(json!([{ "account": "@a:test", "times": [[1, 2]] }])),
            answer(json!(crowd)),
        ] {
            assert_eq!(wrong, None);
        }
    }
}
