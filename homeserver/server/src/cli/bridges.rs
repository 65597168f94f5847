//! `lianqiao bridges`, and `lianqiao bridge list|bind|unbind|create|permit|status|backfill|login|person`

use std::path::PathBuf;

use base::Shutdown;
use bridge_api::{ConversationId, Network, PersonId};
use clap::Subcommand;
use ruma::{OwnedRoomId, OwnedUserId};

use super::{
    ConfigFile, OnConfig, login,
    output::say,
    serve::{Order as Signal, Signals, start_logging},
};
use crate::bridges::{
    orders::{Answer, Order, ask},
    run_alone,
};

/// What `bridge` does.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Lists the conversations that the platforms know, and to which rooms they are bound.
    List {
        /// One platform.
        #[arg(value_parser = network)]
        platform: Option<Network>,
    },
    /// Binds a conversation to a room that `@bridge` is in.
    Bind {
        /// The platform.
        #[arg(value_parser = network)]
        platform: Network,
        /// The conversation, as `bridge list` shows it.
        #[arg(value_parser = conversation)]
        conversation: ConversationId,
        /// The room, like `!room:example.org`.
        room: OwnedRoomId,
    },
    /// Takes a binding away.
    Unbind {
        /// The platform.
        #[arg(value_parser = network)]
        platform: Network,
        /// The conversation.
        #[arg(value_parser = conversation)]
        conversation: ConversationId,
    },
    /// Has a room made for a conversation and binds it; colleagues who are in the conversation are invited.
    Create {
        /// The platform.
        #[arg(value_parser = network)]
        platform: Network,
        /// The conversation, as `bridge list` shows it.
        #[arg(value_parser = conversation)]
        conversation: ConversationId,
        /// Who leads the room, like `@li:example.org`.
        #[arg(long)]
        owner: Option<OwnedUserId>,
    },
    /// Shows or sets which power a room asks for before its bridges do something. `-1` asks for nothing of its own.
    Permit {
        /// The room, like `!room:example.org`.
        room: OwnedRoomId,
        /// The power of who binds, beyond what the room asks for.
        #[arg(long, value_parser = clap::value_parser!(i64).range(-1..=100), allow_hyphen_values = true)]
        bind: Option<i64>,
        /// The power of whose words go to platforms.
        #[arg(long, value_parser = clap::value_parser!(i64).range(-1..=100), allow_hyphen_values = true)]
        speak: Option<i64>,
    },
    /// Says how the lines to the platforms stand and what waits.
    Status,
    /// Brings what was said in a bound conversation before.
    Backfill {
        /// The platform.
        #[arg(value_parser = network)]
        platform: Network,
        /// The conversation.
        #[arg(value_parser = conversation)]
        conversation: ConversationId,
        /// How many hours back.
        #[arg(long, default_value_t = 24)]
        hours: u64,
    },
    /// Tries the credentials for a platform step by step, and says where they belong. The bridges need not run.
    Login {
        /// The platform.
        #[arg(value_parser = network)]
        platform: Network,
        /// The id of the app (Feishu, DingTalk) or of the company (WeCom), in the place of the configured one.
        #[arg(long)]
        id: Option<String>,
        /// A file with the secret of the app, or `-` for standard input, in the place of the configured one.
        #[arg(long)]
        secret_file: Option<PathBuf>,
    },
    /// Says that a person of a platform is a colleague here, or, without an account, that they are nobody here.
    Person {
        /// The platform.
        #[arg(value_parser = network)]
        platform: Network,
        /// The person, as the platform calls them.
        #[arg(value_parser = person)]
        person: PersonId,
        /// The account, like `@li:example.org`.
        account: Option<OwnedUserId>,
    },
}

fn network(text: &str) -> Result<Network, String> {
    Network::named(text).ok_or_else(|| "must be feishu, dingtalk or wecom".to_owned())
}

fn conversation(text: &str) -> Result<ConversationId, String> {
    ConversationId::new(text).map_err(|error| error.to_string())
}

fn person(text: &str) -> Result<PersonId, String> {
    PersonId::new(text).map_err(|error| error.to_string())
}

/// `lianqiao bridges`
pub(super) async fn run_all(file: ConfigFile) -> Result<(), String> {
    let mut signals = Signals::listen()?;
    let config = file.read()?;
    start_logging(&config)?;
    let shutdown = Shutdown::new();
    let (working, registration) =
        run_alone(&config, shutdown.clone()).await.map_err(|error| error.to_string())?;
    say(&format!("The bridges listen on {} and ask {}.", config.bridges.listen, config.bridges.server_url));
    say(&format!("The homeserver knows them by `lianqiao appservice add {}`.", registration.display()));
    while signals.next().await != Signal::Stop {}
    tracing::info!("stopping");
    shutdown.trigger();
    working.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// `lianqiao bridge …`
pub(super) async fn run(arguments: OnConfig<Action>) -> Result<(), String> {
    let config = arguments.file.read()?;
    let order = match arguments.action {
        Action::List { platform } => Order::List { network: platform },
        Action::Bind { platform, conversation, room } => {
            Order::Bind { network: platform, conversation, room }
        }
        Action::Unbind { platform, conversation } => Order::Unbind { network: platform, conversation },
        Action::Create { platform, conversation, owner } => {
            Order::Create { network: platform, conversation, owner }
        }
        Action::Permit { room, bind, speak } => Order::Permit { room, bind, speak },
        Action::Status => Order::Status,
        Action::Backfill { platform, conversation, hours } => {
            Order::Backfill { network: platform, conversation, hours }
        }
        Action::Login { platform, id, secret_file } => {
            return Box::pin(login::run(config, platform, id, secret_file)).await;
        }
        Action::Person { platform, person, account } => Order::Person { network: platform, person, account },
    };
    match ask(&config, order).await? {
        Answer::Conversations(known) => {
            for one in known {
                let room = one.room.map_or_else(|| "-".to_owned(), |room| room.to_string());
                say(&format!("{}\t{}\t{room}\t{}", one.network.key(), one.conversation, one.name));
            }
        }
        Answer::Lines(lines) => {
            for line in lines {
                let state = if line.is_up { "up".to_owned() } else { format!("down ({})", line.reason) };
                say(&format!(
                    "{}\t{state}\tbound {}\tgaps {}\twaiting in {}, out {}",
                    line.network.key(),
                    line.bound,
                    line.gaps,
                    line.waiting_in,
                    line.waiting_out
                ));
                let key = line.network.key();
                for what in line.amiss {
                    say(&format!("{key}\t{what}"));
                }
                for quota in line.quotas {
                    say(&format!("{key}\t{}\tleft {} of {}", quota.what, quota.left, quota.whole));
                }
            }
        }
        Answer::Permissions(bind, speak) => {
            let shown = |power: Option<i64>| power.map_or_else(|| "-".to_owned(), |power| power.to_string());
            say(&format!("bind {}\tspeak {}", shown(bind), shown(speak)));
        }
        Answer::Brought(count) => say(&format!("{count} brought.")),
        Answer::Done => say("Done."),
        Answer::Refused(reason) => return Err(reason),
    }
    Ok(())
}
