//! Orders of the operator are carried out.

use ::organisation::{GivenLink, Links, Unseen};
use kit::texts::{Lang, Texts};
use people::{
    PeopleError, PersonId, Preview,
    import::{Say, Telling},
};
use store::Batch;

use super::{Answer, Office, Order};
use crate::{
    bots::{
        export::{self, Exports},
        record_keys,
    },
    limits::LINKS_OF_ORDER_MAX,
};

impl Office {
    /// A dry run as people read it.
    async fn summary(&self, preview: &Preview, by: &str) -> Result<String, String> {
        let chart = self.people.chart();
        let after = preview.plan.onto(&chart, chart.version() + 1);
        let steps = approvals::steps_without_people(&self.store, &after).await;
        let steps = steps.map_err(|error| error.to_string())?;
        let others = preview.plan.second_administrators(&chart, by);
        Ok(in_words(|say| {
            preview.plan.summary(&preview.list, Telling { say, steps: &steps, others: &others })
        }))
    }
}

/// Why an order is not carried out, in the words of the table where it has them.
fn refused(error: &PeopleError) -> Answer {
    Answer::Refused(in_words(|say| error.said(say)))
}

/// Something in the words of the table, in both languages: who sits at the server has chosen none.
fn in_words(tell: impl FnOnce(Say<'_>) -> String) -> String {
    let texts = Texts::with(&[::organisation::TEXTS]);
    tell(&|key, values| texts.fill(Lang::Both, key, values))
}

/// Carries an order out.
pub(super) async fn execute(office: &Office, order: Order) -> Answer {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let people = &office.people;
    match order {
        Order::Preview { list, full, by } => {
            let Ok(bytes) = STANDARD.decode(list) else {
                return Answer::Refused("the list is not base64".to_owned());
            };
            let preview = match &office.links {
                Some(links) => links.preview(&bytes, full, &by).await,
                // Without a server nobody knows which accounts there are.
                None => people.preview(&bytes, full, &by).await.map_err(Unseen::People),
            };
            match preview {
                Ok(preview) => match office.summary(&preview, &by).await {
                    Ok(summary) => Answer::Preview { summary, id: preview.id },
                    Err(reason) => Answer::Refused(reason),
                },
                Err(Unseen::People(error)) => refused(&error),
                Err(Unseen::Call(error)) => Answer::Refused(error.to_string()),
            }
        }
        Order::Export { numbers, after } => {
            match export::export(&office.store, &numbers, after.as_deref()).await {
                Ok(Exports { text, cases, more_after }) => Answer::Export { text, cases, more_after },
                Err(reason) => Answer::Refused(reason),
            }
        }
        Order::Links { who, after, by } => match &office.links {
            Some(links) => give_links(links, who, after, &by).await.unwrap_or_else(Answer::Refused),
            None => Answer::Refused("links are given by bots that run; start the server".to_owned()),
        },
        Order::Health => match &office.links {
            Some(links) => {
                let kit::Health { is_well, inbox, outbox } = links.kit.health().await;
                Answer::Health { is_well, inbox, outbox, people: office.people.chart().people().count() }
            }
            None => Answer::Refused("the bots do not run".to_owned()),
        },
        Order::Workdays { file } => {
            let Ok(bytes) = STANDARD.decode(file) else {
                return Answer::Refused("the file is not base64".to_owned());
            };
            match office.workdays.import(&bytes).await {
                Ok(imported) => Answer::Workdays {
                    years: imported.years,
                    holidays: imported.holidays,
                    made_up: imported.made_up,
                },
                Err(error) => Answer::Refused(error.to_string()),
            }
        }
        Order::RecordKeys => {
            record_keys::list(&office.store).await.map_or_else(Answer::Refused, Answer::RecordKeys)
        }
        // They have the old one in their hands.
        Order::RotateRecordKey if office.links.is_some() => {
            Answer::Refused("the bots run: stop them, rotate, and start them again".to_owned())
        }
        Order::RotateRecordKey => {
            record_keys::rotate(&office.store).await.map_or_else(Answer::Refused, Answer::RecordKeys)
        }
        Order::Apply { id, by } => match people.apply_unproved(&id, &by).await {
            Ok(applied) => Answer::Applied {
                version: applied.version,
                people: applied.people,
                result_file: in_words(|say| applied.result_file(say)),
            },
            Err(error) => refused(&error),
        },
    }
}

/// Gives the links of one person, or of some who have not come in.
async fn give_links(
    links: &Links,
    who: Option<String>,
    after: Option<String>,
    by: &str,
) -> Result<Answer, String> {
    let mut batch = Batch::new();
    let (given, more) = match who {
        Some(who) => {
            let chart = links.people.chart();
            let found = chart.called(&who);
            let [person] = found.as_slice() else {
                return Err(format!("{} people are called `{who}`; use the employee number", found.len()));
            };
            let given = links.give(person, by, &mut batch).await.map_err(|error| error.to_string())?;
            (vec![given.ok_or_else(|| format!("{} has no account", person.name))?], None)
        }
        None => {
            let after = after.map(PersonId);
            let given = links.give_new(after.as_ref(), LINKS_OF_ORDER_MAX, by, &mut batch).await;
            given.map_err(|error| error.to_string())?
        }
    };
    links.kit.store().commit(batch).await.map_err(|error| error.to_string())?;
    let refused = given.iter().filter_map(|link| {
        let GivenLink { id, name, account, outcome } = link;
        Some(format!("{id} {name} {account}: {}", why(outcome.as_ref().err()?)))
    });
    Ok(Answer::Links {
        refused: refused.collect(),
        file: ::organisation::file_of_links(&given),
        more_after: more.map(|id| id.0),
    })
}

/// Why somebody gets no link, in words.
fn why(reason: &str) -> &str {
    match reason {
        "past" => "has logged in already; `lianqiao user password` sets a new password",
        "locked" => "the account is locked",
        "closed" => "the account is closed",
        "elsewhere" => "the account is on another server",
        "name" => "the name is kept for the system or cannot be one; give another one in the column 账号",
        "later" => "no link could be made just now; try again later",
        other => other,
    }
}
