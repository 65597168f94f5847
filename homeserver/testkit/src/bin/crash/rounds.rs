//! The rounds: everybody works, the server dies, comes back, and everybody checks.

use std::time::Duration;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use testkit::{ServerProcess, User, free_port};
use tokio::time::{Instant, sleep};

use crate::{
    attempt::{Outcome, attempt},
    disk::{Disk, Fault},
    history::History,
    people::{Builder, Delayer, Follower, Joiner, Keeper, Newcomer, Person, Purger, Pushed, Reader, Sender},
};

const SENDERS: usize = 4;
/// Lets the server speak to the push gateway of the suite.
const LOCAL_GATEWAY: &str = "[outbound]\nallowed_ranges = [\"127.0.0.0/8\"]\n[push]\nplain_http = true\n";
/// A server dies at any moment of this span after everybody began.
const LIFE_MS: std::ops::Range<u64> = 20..900;
/// How long a server with a broken disk may go on saying that it is ready.
const NOTICE_MAX: Duration = Duration::from_secs(10);

/// A server, the people on it, and what the room's history was at the last look.
struct Suite {
    server: ServerProcess,
    disk: Disk,
    witness: User,
    room: String,
    people: Vec<Box<dyn Person>>,
    history: History,
    chance: ChaCha8Rng,
}

/// Runs all rounds; the text sums them up, an error says what was broken.
pub async fn run(kills: u32, faults: u32, seed: u64) -> Result<String, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut suite = Suite::start(directory.path(), seed).await;
    let outcome = suite.runs(kills, faults).await;
    if outcome.is_err() {
        let kept = directory.keep();
        println!("the server's folder and log are kept in {}", kept.display());
    }
    outcome
}

impl Suite {
    async fn start(directory: &std::path::Path, seed: u64) -> Self {
        let mut server = ServerProcess::prepare(directory, free_port(), LOCAL_GATEWAY);
        let disk = Disk::of(&mut server, directory);
        server.spawn().await;
        let witness = server.user("witness").await;
        let room = witness.creates_room().await;
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let people = settle_in(&server, &witness, &room, ChaCha8Rng::seed_from_u64(chance.random())).await;
        Self { server, disk, witness, room, people, history: History::default(), chance }
    }

    async fn runs(&mut self, kills: u32, faults: u32) -> Result<String, String> {
        for round in 0..kills {
            let life = Duration::from_millis(self.chance.random_range(LIFE_MS));
            self.works_until(Death::Killed(life)).await.map_err(|error| format!("kill {round}: {error}"))?;
            self.comes_back().await.map_err(|error| format!("after kill {round}: {error}"))?;
        }
        for round in 0..faults {
            let fault = if round % 2 == 0 { Fault::SyncFails } else { Fault::Full };
            let life = Duration::from_millis(self.chance.random_range(LIFE_MS));
            let death = Death::Disk(life, fault);
            self.works_until(death).await.map_err(|error| format!("fault {round} ({fault:?}): {error}"))?;
            self.comes_back().await.map_err(|error| format!("after fault {round} ({fault:?}): {error}"))?;
        }
        self.history.reads_again(&self.witness, &self.room).await?;
        let writes: usize = self.people.iter().map(|person| person.acknowledged()).sum();
        Ok(format!("{writes} acknowledged writes and syncs, {} events in the room", self.history.len()))
    }

    /// Everybody works at once until the server is gone.
    async fn works_until(&mut self, death: Death) -> Result<(), String> {
        let people = std::mem::take(&mut self.people);
        let tasks: Vec<_> = people
            .into_iter()
            .map(|mut person| {
                tokio::spawn(async move {
                    let reason = person.works().await;
                    (person, reason)
                })
            })
            .collect();
        let dying = self.dies(death).await;
        for task in tasks {
            let (person, reason) = task.await.map_err(|error| error.to_string())?;
            self.people.push(person);
            if reason.starts_with("REFUSED") {
                return Err(reason);
            }
        }
        dying
    }

    async fn dies(&mut self, death: Death) -> Result<(), String> {
        let result = match death {
            Death::Killed(life) => {
                sleep(life).await;
                Ok(())
            }
            Death::Disk(life, fault) => {
                sleep(life).await;
                self.disk.breaks(fault);
                let noticed = self.notices().await;
                self.disk.heals();
                noticed
            }
        };
        self.server.kill();
        result
    }

    /// A server with a broken disk refuses writes and says that it is not ready.
    async fn notices(&self) -> Result<(), String> {
        let deadline = Instant::now() + NOTICE_MAX;
        while self.server.is_ready().await != Some(false) {
            if Instant::now() > deadline {
                return Err("the disk failed, and the server still says that it is ready".into());
            }
            sleep(Duration::from_millis(20)).await;
        }
        let path =
            format!("/_matrix/client/v3/rooms/{}/send/m.room.message/late", testkit::segment(&self.room));
        let content = json!({"msgtype": "m.text", "body": "too late"});
        match attempt(&self.witness, http::Method::PUT, &path, &content).await {
            Outcome::InDoubt(_) => Ok(()),
            Outcome::Acknowledged(body) => Err(format!("acknowledged on a broken disk: {body}")),
            Outcome::Refused(status, body) => {
                Err(format!("a broken disk is no client's fault: {status} {body}"))
            }
        }
    }

    /// The server starts again, everybody settles what was in doubt, then everybody checks.
    async fn comes_back(&mut self) -> Result<(), String> {
        self.server.spawn().await;
        for person in &mut self.people {
            person.settles().await?;
        }
        self.history.reads_on(&self.witness, &self.room).await?;
        for person in &mut self.people {
            person.checks(&self.history).await?;
        }
        Ok(())
    }
}

enum Death {
    Killed(Duration),
    Disk(Duration, Fault),
}

async fn settle_in(
    server: &ServerProcess,
    witness: &User,
    room: &str,
    chance: ChaCha8Rng,
) -> Vec<Box<dyn Person>> {
    let mut people: Vec<Box<dyn Person>> = Vec::new();
    for number in 0..SENDERS {
        let user = member(server, &format!("sender-{number}"), room).await;
        people.push(Box::new(Sender::new(user, room.to_owned())));
    }
    let follower = member(server, "follower", room).await;
    let reader = member(server, "reader", room).await;
    let keeper = member(server, "keeper", room).await;
    let (joiner, builder) = (server.user("joiner").await, server.user("builder").await);
    let delayer = server.user("delayer").await;
    let later = delayer.creates_room().await;
    people.push(Box::new(Delayer::new(delayer, later, chance.clone())));
    people.push(Box::new(Follower::new(follower, room.to_owned(), chance)));
    people.push(Box::new(Pushed::new(server.user("pushed").await, server.user("writer").await).await));
    people.push(Box::new(Purger::new(administrator(server).await, server.user("owner").await)));
    people.push(Box::new(Reader::new(reader, room.to_owned())));
    people.push(Box::new(Keeper::new(keeper, room)));
    people.push(Box::new(Joiner::new(joiner, witness.clone(), room.to_owned())));
    people.push(Box::new(Builder::new(builder)));
    people.push(Box::new(Newcomer::new(server.stranger())));
    people
}

async fn member(server: &ServerProcess, name: &str, room: &str) -> User {
    let user = server.user(name).await;
    user.joins(room).await.ok();
    user
}

async fn administrator(server: &ServerProcess) -> User {
    let (made, text) = server.commands(&["user", "create", "root", "--admin", "--password", "of root"]).await;
    assert!(made, "{text}");
    let login = json!({
        "type": "m.login.password", "identifier": {"type": "m.id.user", "user": "root"}, "password": "of root",
    });
    let session = server.stranger().post("/_matrix/client/v3/login", login).await.ok();
    server.stranger().with_token(session["access_token"].as_str().expect("a token"))
}
