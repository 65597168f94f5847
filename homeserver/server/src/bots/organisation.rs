//! `lianqiao org import|apply|link|workdays`: staff lists, first logins and working days reach the bots that run, or their database when none do.

use std::path::PathBuf;

use ::organisation::{GivenLink, Links, Unseen};
use base::{Clock, Rng, Shutdown};
use config::Config;
use kit::texts::{Lang, Texts};
use people::{
    People, PeopleError, PeopleParts, PersonId, Preview,
    import::{Say, Telling},
};
use serde::{Deserialize, Serialize};
use store::{Batch, Store};
use tokio::task::JoinHandle;
use workdays::Workdays;

use super::{
    FOLDER_NAME,
    export::{self, Exports},
    kept_localparts, open_store, record_keys, tables,
};
use crate::{
    limits::{LINKS_OF_ORDER_MAX, STAFF_ORDER_BYTES_MAX, STARTING_LOOK_INTERVAL, STARTING_LOOKS_MAX},
    order_socket, settings,
};

/// Name of the socket in the bots' folder.
const SOCKET_NAME: &str = "organisation.sock";

/// An order of the operator.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum Order {
    /// Looks at a staff list.
    Preview {
        /// The file, base64.
        list: String,
        /// Whether who is not in the list leaves.
        full: bool,
        /// Who asks.
        by: String,
    },
    /// Applies one that was looked at.
    Apply {
        /// Its id.
        id: String,
        /// Who asks.
        by: String,
    },
    /// Gives links of first logins.
    Links {
        /// To whom; to everybody who has not come in where nobody is named.
        who: Option<String>,
        /// Behind which employee number, where nobody is named.
        after: Option<String>,
        /// Who asks.
        by: String,
    },
    /// Asks how the bots are.
    Health,
    /// Exports cases.
    Export {
        /// Which; all where none is named.
        numbers: Vec<String>,
        /// Behind which number, where none is named.
        after: Option<String>,
    },
    /// Imports working days.
    Workdays {
        /// The file, base64.
        file: String,
    },
    /// Asks for the keys that records are signed with.
    RecordKeys,
    /// Replaces the key that records are signed with.
    RotateRecordKey,
}

/// What orders are carried out on.
#[derive(Clone)]
pub(crate) struct Office {
    pub people: People,
    pub workdays: Workdays,
    /// Where the templates of approvals are.
    pub store: Store,
    /// The bots with what lets people in, where they run.
    pub links: Option<Links>,
}

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

/// The answer to an [`Order`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// What the list would change, and under which id it can be applied.
    Preview {
        /// The id.
        id: String,
        /// As people read it.
        summary: String,
    },
    /// It was applied.
    Applied {
        /// The version of the organisation since then.
        version: u64,
        /// People who changed.
        people: usize,
        /// The list again, with what became of each row.
        result_file: String,
    },
    /// Links of first logins.
    Links {
        /// As a file.
        file: String,
        /// Who got none, and why.
        refused: Vec<String>,
        /// The employee number behind which there are more.
        more_after: Option<String>,
    },
    /// The cases that were asked for.
    Export {
        /// The file.
        text: String,
        /// How many are in it.
        cases: u64,
        /// The number behind which there are more.
        more_after: Option<String>,
    },
    /// Working days were imported.
    Workdays {
        /// The years that the file named.
        years: Vec<u64>,
        /// Days that are off.
        holidays: usize,
        /// Days that are made up for.
        made_up: usize,
    },
    /// The keys that records are signed with, one a line, the present one first.
    RecordKeys(Vec<String>),
    /// How the bots are.
    Health {
        /// Whether they take work and have their accounts.
        is_well: bool,
        /// Events that they have still to hear.
        inbox: usize,
        /// Letters that are not sent.
        outbox: usize,
        /// People in the organisation.
        people: usize,
    },
    /// Not done, and why.
    Refused(String),
}

/// Offers the socket until the shutdown.
pub(super) fn serve(config: &Config, office: Office, shutdown: Shutdown) -> Option<JoinHandle<()>> {
    order_socket::serve(socket(config), STAFF_ORDER_BYTES_MAX, shutdown, move |order| {
        let office = office.clone();
        async move {
            match order {
                Ok(order) => execute(&office, order).await,
                Err(reason) => Answer::Refused(reason),
            }
        }
    })
}

/// Carries an order out: by the bots that run, or on their database. Bots that are just starting have their database
/// and do not answer yet, so this looks again for a while.
pub(crate) async fn ask(config: &Config, order: Order) -> Result<Answer, String> {
    let mut looks = 0;
    loop {
        if let Some(answer) = order_socket::send(&socket(config), &order).await {
            return answer;
        }
        match here(config).await {
            Ok((office, store)) => {
                let answer = execute(&office, order).await;
                store.close().await;
                return Ok(answer);
            }
            Err(reason) if looks == STARTING_LOOKS_MAX => return Err(reason),
            Err(_) => looks += 1,
        }
        tokio::time::sleep(STARTING_LOOK_INTERVAL).await;
    }
}

/// How the bots are, from those that run; nothing where none answer.
pub(crate) async fn health(config: &Config) -> Option<Result<Answer, String>> {
    order_socket::send(&socket(config), &Order::Health).await
}

/// The organisation, from the bots' database opened here.
async fn here(config: &Config) -> Result<(Office, Store), String> {
    let clock = Clock::system();
    let server_name = settings::server_name(config).map_err(|error| error.to_string())?;
    let store = open_store(config, &clock, FOLDER_NAME, tables()).await.map_err(|error| error.to_string())?;
    let parts = PeopleParts { store: store.clone(), clock, rng: Rng::system(), server_name };
    let people = match People::open(parts).await {
        Ok(people) => people.keep_localparts(&kept_localparts()).await.map(|()| people),
        Err(error) => Err(error),
    };
    let people = people.map_err(|error| error.to_string());
    let workdays = Workdays::open(store.clone()).await.map_err(|error| error.to_string());
    match (people, workdays) {
        (Ok(people), Ok(workdays)) => {
            Ok((Office { people, workdays, store: store.clone(), links: None }, store))
        }
        (Err(error), _) | (_, Err(error)) => {
            store.close().await;
            Err(error)
        }
    }
}

async fn execute(office: &Office, order: Order) -> Answer {
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

fn socket(config: &Config) -> PathBuf {
    PathBuf::from(&config.server.data_directory).join(FOLDER_NAME).join(SOCKET_NAME)
}
