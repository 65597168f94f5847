//! What the library has to tell the homeserver: keys that ran low, questions for devices, answers to requests.

use base::Shutdown;
use matrix_sdk_crypto::OlmMachine;

use super::fault::CryptoFault;
use crate::{CallError, Intent, Kit, limits::EXCHANGE_ROUNDS_MAX, pause};

impl Kit {
    /// Exchanges keys whenever there is something to exchange, until the shutdown.
    pub(crate) async fn keep_exchanging(&self, bot: &str, shutdown: &Shutdown) {
        let Some(keyring) = self.keyring(bot) else { return };
        let mut failures = 0;
        while !shutdown.is_triggered() {
            let news = keyring.news.notified();
            // Whatever is under way may be left: what was not sent is sent after the next start.
            let outcome = tokio::select! {
                () = shutdown.wait() => return,
                outcome = self.exchange(bot) => outcome,
            };
            let wait = match outcome {
                Ok(()) => {
                    failures = 0;
                    None
                }
                Err(error) => {
                    failures += 1;
                    let wait = pause::after(failures, &self.0.rng);
                    let wait_ms = wait.as_millis();
                    tracing::warn!(%error, bot, wait_ms, "the bot's keys cannot be exchanged; will try again");
                    Some(wait)
                }
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = news, if wait.is_none() => {}
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
            }
        }
    }

    /// Sends what the library has to send now.
    ///
    /// # Errors
    /// What may pass; the library keeps what was not sent.
    pub(crate) async fn exchange(&self, bot: &str) -> Result<(), CryptoFault> {
        let Some((keyring, intent)) = self.keyring(bot).zip(self.intent(bot)) else { return Ok(()) };
        let outcome = async {
            let _turn = keyring.exchange.lock().await;
            let Some(machine) = keyring.open().await? else { return Ok(()) };
            self.exchange_all(&machine, &intent).await
        };
        keyring.used(Box::pin(outcome).await).await
    }

    /// As [`Kit::exchange`], for whoever has the turn and the machine.
    pub(super) async fn exchange_all(
        &self,
        machine: &OlmMachine,
        intent: &Intent,
    ) -> Result<(), CryptoFault> {
        for _ in 0..EXCHANGE_ROUNDS_MAX {
            let requests = Box::pin(machine.outgoing_requests()).await?;
            let mut sent = 0;
            for request in &requests {
                match self.send_request(machine, intent, request).await {
                    Ok(()) => sent += 1,
                    // What is refused is refused again: it must not hold up the others.
                    Err(CryptoFault::Call(error @ CallError::Refused { .. })) => {
                        tracing::error!(%error, user = %intent.user(), "the homeserver refuses keys of a bot");
                    }
                    Err(fault) => return Err(fault),
                }
            }
            if sent == 0 {
                break;
            }
        }
        Ok(())
    }
}
