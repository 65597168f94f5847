//! `lianqiao org import|apply`: staff lists reach the bots that run, or their database when none do.

use std::path::PathBuf;

use base::{Clock, Rng, Shutdown};
use config::Config;
use people::{People, PeopleParts};
use serde::{Deserialize, Serialize};
use store::{Identity, Store};
use tokio::task::JoinHandle;

use super::{FOLDER_NAME, engine, tables};
use crate::{
    limits::{ORGANISATION_LOOK_INTERVAL, ORGANISATION_LOOKS_MAX, STAFF_ORDER_BYTES_MAX},
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
    /// Not done, and why.
    Refused(String),
}

/// Offers the socket until the shutdown.
pub(super) fn serve(config: &Config, people: People, shutdown: Shutdown) -> Option<JoinHandle<()>> {
    order_socket::serve(socket(config), STAFF_ORDER_BYTES_MAX, shutdown, move |order| {
        let people = people.clone();
        async move {
            match order {
                Ok(order) => execute(&people, order).await,
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
            Ok((people, store)) => {
                let answer = execute(&people, order).await;
                store.close().await;
                return Ok(answer);
            }
            Err(reason) if looks == ORGANISATION_LOOKS_MAX => return Err(reason),
            Err(_) => looks += 1,
        }
        tokio::time::sleep(ORGANISATION_LOOK_INTERVAL).await;
    }
}

/// The organisation, from the bots' database opened here.
async fn here(config: &Config) -> Result<(People, Store), String> {
    let clock = Clock::system();
    let server_name = settings::server_name(config).map_err(|error| error.to_string())?;
    let engine = engine(config).map_err(|error| error.to_string())?;
    let store = Store::open(engine, tables(), Identity::new(&server_name, &clock), Vec::new()).await;
    let store = store.map_err(|error| error.to_string())?;
    let parts = PeopleParts { store: store.clone(), clock, rng: Rng::system(), server_name };
    match People::open(parts).await {
        Ok(people) => Ok((people, store)),
        Err(error) => {
            store.close().await;
            Err(error.to_string())
        }
    }
}

async fn execute(people: &People, order: Order) -> Answer {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    match order {
        Order::Preview { list, full, by } => {
            let Ok(bytes) = STANDARD.decode(list) else {
                return Answer::Refused("the list is not base64".to_owned());
            };
            match people.preview(&bytes, full, &by).await {
                Ok(preview) => {
                    Answer::Preview { summary: preview.plan.summary(&preview.list), id: preview.id }
                }
                Err(error) => Answer::Refused(error.to_string()),
            }
        }
        Order::Apply { id, by } => match people.apply(&id, &by).await {
            Ok(applied) => Answer::Applied {
                version: applied.version,
                people: applied.people,
                result_file: applied.result_file,
            },
            Err(error) => Answer::Refused(error.to_string()),
        },
    }
}

fn socket(config: &Config) -> PathBuf {
    PathBuf::from(&config.server.data_directory).join(FOLDER_NAME).join(SOCKET_NAME)
}
