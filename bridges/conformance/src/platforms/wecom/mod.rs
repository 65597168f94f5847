//! WeCom: its simulator, and our connector in front of it, with a self-built app and an AI bot at once.
//!
//! Groups are groups with the bot, which hears what addresses it alone. What groups do not bring is said to the bot or the app
//! directly, as people of WeCom have to; what bots cannot do is tried where the app can. With callbacks alone all goes to the app.

mod said;
mod stand;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bridge_api::{Clock, Secret};
use connector_wecom::{App, Bot, BotMode, Hook, Intervals, ServiceSettings, WeComSettings};
use serde_json::json;
use simulator_wecom::{Settings, Simulator};

use self::stand::Stand;
use crate::control::{cast, text};
use crate::{Platform, Start};

const AGENT: u64 = 1_000_002;
const SECRET: &str = "the secret of the app";
const BOT: &str = "aibconformance";
const BOT_SECRET: &str = "the secret of the bot";
const BOT_NAME: &str = "Bridge";
const CALLBACK_TOKEN: &str = "conformancetoken";
/// The sample of the platform's own pages, which a strict decoder refuses.
const CALLBACK_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
/// How often the connector does what nobody asks for: no case waits for long, and a busy machine is not taken for a dead connection.
const INTERVAL: Duration = Duration::from_secs(5);
/// With what customers are welcomed.
const WELCOME: &str = "您好";
/// More than any case needs.
const MANY: u32 = 1_000_000;

/// Starts simulators of WeCom.
pub(super) struct WeComs {
    /// Whether our connector serves customers as well.
    pub(super) serves_customers: bool,
}

#[async_trait]
impl Start for WeComs {
    fn name(&self) -> &'static str {
        "wecom"
    }

    async fn start(&self, callbacks: bool) -> Arc<dyn Platform> {
        let clock = Clock::system();
        let mut settings = Settings::new(1, Arc::new(move || clock.now_ms()));
        // Everything that waits on the real platform waits here for a moment.
        settings.retry_waits_ms = vec![300, 900, 2_700, 8_100];
        settings.member_per_minute = MANY;
        settings.member_per_hour = MANY;
        settings.bot_per_minute = MANY;
        settings.bot_per_hour = MANY;
        settings.wrong_secrets_max = MANY;
        settings.service_blind_per_minute = MANY;
        let simulator = Simulator::start(settings).await.expect("the ports are free");
        let serves_customers = self.serves_customers;
        let mut stand = Stand { simulator, corp_id: String::new(), callbacks, serves_customers };
        for person in cast() {
            stand.act(person).await;
        }
        let app = json!({ "do": "add_app", "app": AGENT, "secret": SECRET, "name": BOT_NAME });
        stand.corp_id = text(&stand.act(app).await, "corp_id");
        // Younger apps are told no addresses of people.
        stand.act(json!({ "do": "change_app", "app": AGENT, "before_2022": true })).await;
        stand.act(json!({ "do": "add_bot", "bot": BOT, "secret": BOT_SECRET, "name": BOT_NAME })).await;
        Arc::new(stand)
    }
}

/// What our connector is told of the platform on a stand.
fn settings(stand: &Stand) -> WeComSettings {
    let url = stand.simulator.socket_url().parse().expect("an address");
    WeComSettings {
        api_url: stand.simulator.api_url().parse().expect("an address"),
        corp_id: stand.corp_id.clone(),
        app: Some(App {
            agent_id: AGENT,
            secret: Secret::new(SECRET),
            callback: Some(Hook { token: Secret::new(CALLBACK_TOKEN), aes_key: Secret::new(CALLBACK_KEY) }),
        }),
        bot: Some(Bot {
            id: BOT.to_owned(),
            names: vec![BOT_NAME.to_owned()],
            mode: BotMode::Socket { url, secret: Secret::new(BOT_SECRET) },
        }),
        webhooks: vec![],
        archive: None,
        service: stand
            .serves_customers
            .then(|| ServiceSettings { welcome: Some(WELCOME.to_owned()), ..ServiceSettings::default() }),
        group_chats: vec![],
        file_hosts: vec![stand.simulator.api_url()],
        authorities: Arc::new(rustls::RootCertStore::empty()),
        intervals: Intervals { ping: INTERVAL, first_look: INTERVAL, look: INTERVAL },
    }
}
