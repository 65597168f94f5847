//! `lianqiao org import|apply|link|workdays`: staff lists, first logins and working days reach the bots that run, or their database when none do.

mod execution;
mod order;

use std::path::PathBuf;

use ::organisation::Links;
use base::{Clock, Rng, Shutdown};
use config::Config;
use people::{People, PeopleParts};
use store::Store;
use tokio::task::JoinHandle;
use workdays::Workdays;

use self::execution::execute;
pub(crate) use self::order::{Answer, Order};
use super::{FOLDER_NAME, kept_localparts, open_store, tables};
use crate::{
    limits::{STAFF_ORDER_BYTES_MAX, STARTING_LOOK_INTERVAL, STARTING_LOOKS_MAX},
    order_socket, settings,
};

/// Name of the socket in the bots' folder.
const SOCKET_NAME: &str = "organisation.sock";

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

fn socket(config: &Config) -> PathBuf {
    PathBuf::from(&config.server.data_directory).join(FOLDER_NAME).join(SOCKET_NAME)
}
