//! Who we are on the platform, and whether it lets us work.

use bridge_api::{ConnectError, Inbox, Line, Shutdown};
use serde::Deserialize;
use tokio::time::sleep;

use super::Feishu;
use crate::{
    client::{Call, CallError, codes::Meaning},
    events::Ourselves,
    ids::OpenId,
    limits::{MISCONFIGURED_PAUSE, RECONNECT_PAUSES},
};

#[derive(Deserialize)]
struct BotAnswer {
    bot: Bot,
}

#[derive(Deserialize)]
struct Bot {
    #[serde(default)]
    open_id: Option<OpenId>,
    #[serde(default)]
    activate_status: Option<i64>,
    #[serde(default)]
    app_name: String,
}

impl Feishu {
    /// Asks the platform who we are, whether we may do anything at all, and what we hear.
    pub(crate) async fn introduce(&self) -> Result<Ourselves, ConnectError> {
        let bot = self.bot().await?;
        Box::pin(self.listen()).await;
        let mut ours = self.ours.write();
        if bot.open_id.is_some() {
            ours.open_id = bot.open_id;
        }
        Ok(ours.clone())
    }

    /// What the platform calls our robot, if it may work.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub(super) async fn name_there(&self) -> Result<String, ConnectError> {
        Ok(self.bot().await?.app_name)
    }

    async fn bot(&self) -> Result<Bot, ConnectError> {
        let answer =
            self.client.flat::<BotAnswer>(Call::get(&["bot", "v3", "info"])).await.map_err(connect_error)?;
        if let Some(status) = answer.bot.activate_status.filter(|status| *status != 2) {
            let why = match status {
                1 => "the company has disabled the app",
                3 | 4 => "an administrator has to enable the app's newest version",
                5 | 6 => "the app's licence or the company's plan is over",
                _ => "the app is not in use yet",
            };
            return Err(ConnectError::Misconfigured(format!("{why} (activate_status {status})")));
        }
        Ok(answer.bot)
    }

    /// With webhooks there is no connection; the line is up when the credentials are good.
    pub(super) async fn wait_for_webhooks(&self, inbox: &dyn Inbox, shutdown: &Shutdown) {
        let mut pauses = RECONNECT_PAUSES.iter();
        loop {
            let outcome = tokio::select! {
                () = shutdown.wait() => return,
                outcome = self.introduce() => outcome,
            };
            let (line, pause) = match outcome {
                Ok(_) => (Line::Up, None),
                Err(error) => {
                    let pause = match error {
                        ConnectError::Passing(_) => pauses.next().copied().unwrap_or(MISCONFIGURED_PAUSE),
                        ConnectError::Misconfigured(_) => MISCONFIGURED_PAUSE,
                    };
                    (Line::Down(error.into()), Some(pause))
                }
            };
            inbox.line(line);
            let rest = async {
                match pause {
                    Some(pause) => sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.wait() => return,
                () = rest => {}
            }
        }
    }
}

/// What a failed call says about the connection that waits for it.
fn connect_error(error: CallError) -> ConnectError {
    match error.meaning() {
        Meaning::TokenStale | Meaning::Operator | Meaning::Refused | Meaning::Gone | Meaning::TooLarge => {
            ConnectError::Misconfigured(error.to_string())
        }
        Meaning::AppLimited | Meaning::ChatLimited | Meaning::Later => {
            ConnectError::Passing(error.to_string())
        }
    }
}
