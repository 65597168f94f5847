//! Orders of the command line to the bridges that run, over a socket in their folder.

use std::path::PathBuf;

use base::Shutdown;
use bridge_api::{ConversationId, Network, PersonId};
use bridge_core::{BridgeError, Bridges, Known, LineStatus, Permission};
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
    /// Has a room made for a conversation.
    Create {
        /// Its network.
        network: Network,
        /// The conversation.
        conversation: ConversationId,
        /// Who leads the room.
        owner: Option<OwnedUserId>,
    },
    /// Says which power a room's bridges ask for.
    Permit {
        /// The room.
        room: OwnedRoomId,
        /// Beyond what the room asks of who binds; a negative one for nothing.
        bind: Option<i64>,
        /// Of whose words go to platforms; a negative one for nothing.
        speak: Option<i64>,
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
    /// Which power a room's bridges ask for: to bind, to speak.
    Permissions(Option<i64>, Option<i64>),
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
        Order::Create { network, conversation, owner } => {
            bridges.create_room(&(network, conversation), owner.as_deref()).await?;
            Answer::Done
        }
        Order::Permit { room, bind, speak } => {
            for (permission, power) in [(Permission::Bind, bind), (Permission::Speak, speak)] {
                if let Some(power) = power {
                    bridges.permit(&room, permission, Some(power).filter(|power| *power >= 0)).await?;
                }
            }
            let (bind, speak) = bridges.permissions(&room).await?;
            Answer::Permissions(bind, speak)
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
