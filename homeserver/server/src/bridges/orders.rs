//! Orders of the command line to the bridges that run, over a socket in their folder.

use std::path::PathBuf;

use base::Shutdown;
use bridge_api::{ConversationId, Network, PersonId};
use bridge_core::{BridgeError, Bridges, Known, LineStatus};
use config::Config;
use ruma::{OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::{administration::OPERATOR, limits::BRIDGE_ORDER_BYTES_MAX, order_socket};

/// Name of the socket in the bridges' folder.
const SOCKET_NAME: &str = "bridges.sock";

/// An order of the operator.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum Order {
    /// Lists conversations.
    List {
        /// Of one network.
        network: Option<Network>,
    },
    /// Binds a conversation to a room.
    Bind {
        /// Its network.
        network: Network,
        /// The conversation.
        conversation: ConversationId,
        /// The room.
        room: OwnedRoomId,
    },
    /// Takes a binding away.
    Unbind {
        /// Its network.
        network: Network,
        /// The conversation.
        conversation: ConversationId,
    },
    /// Asks how the lines stand.
    Status,
    /// Brings what was said in the last hours.
    Backfill {
        /// Its network.
        network: Network,
        /// The conversation.
        conversation: ConversationId,
        /// How many hours.
        hours: u64,
    },
    /// Binds a person to a colleague's account, or to none.
    Person {
        /// Their network.
        network: Network,
        /// The person.
        person: PersonId,
        /// The account.
        account: Option<OwnedUserId>,
    },
}

/// The answer to an [`Order`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// Conversations.
    Conversations(Vec<Known>),
    /// Lines.
    Lines(Vec<LineStatus>),
    /// So many messages were brought.
    Brought(usize),
    /// Done.
    Done,
    /// Not done, and why.
    Refused(String),
}

/// Offers the socket until the shutdown.
pub(super) fn serve(config: &Config, bridges: Bridges, shutdown: Shutdown) -> Option<JoinHandle<()>> {
    order_socket::serve(socket(config), BRIDGE_ORDER_BYTES_MAX, shutdown, move |order| {
        let bridges = bridges.clone();
        async move {
            match order {
                Ok(order) => match execute(&bridges, order).await {
                    Ok(answer) => answer,
                    Err(error) => Answer::Refused(error.to_string()),
                },
                Err(reason) => Answer::Refused(reason),
            }
        }
    })
}

/// Gives an order to the bridges that run.
pub(crate) async fn ask(config: &Config, order: Order) -> Result<Answer, String> {
    let nobody = || "the bridges do not run: start `lianqiao serve` or `lianqiao bridges`".to_owned();
    order_socket::send(&socket(config), &order).await.ok_or_else(nobody)?
}

async fn execute(bridges: &Bridges, order: Order) -> Result<Answer, BridgeError> {
    Ok(match order {
        Order::List { network } => Answer::Conversations(bridges.list(network).await?),
        Order::Bind { network, conversation, room } => {
            bridges.bind((network, conversation), &room, OPERATOR).await?;
            Answer::Done
        }
        Order::Unbind { network, conversation } => {
            bridges.unbind(&(network, conversation), OPERATOR).await?;
            Answer::Done
        }
        Order::Status => Answer::Lines(bridges.status().await?),
        Order::Backfill { network, conversation, hours } => {
            Answer::Brought(bridges.backfill(&(network, conversation), hours).await?)
        }
        Order::Person { network, person, account } => {
            bridges.bind_person(network, &person, account.as_deref()).await?;
            Answer::Done
        }
    })
}

fn socket(config: &Config) -> PathBuf {
    super::folder(config).join(SOCKET_NAME)
}
