//! One open connection, from its beginning to its end. What comes is acknowledged when it is durable and not before.

use bridge_api::{Shutdown, Socket};
use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::{
    frame::Frame,
    hearing::{Next, acknowledge, hear, say},
    order::Order,
};
use crate::{
    incoming::Incoming,
    limits::{
        CLOCK_JUMP_MS, CLOCK_LOOK, CLOSE_TIME_MAX, FRAMES_UNDERWAY_MAX, LEAVING_TIME_MAX, PONG_TIME_MAX,
        SILENCE_MAX,
    },
};

/// Acknowledgements that wait until what they are for is durable.
pub(super) type Owed = FuturesUnordered<BoxFuture<'static, (Frame, bool)>>;

/// An open connection and what it owes the platform.
pub struct Connection {
    /// The way to the platform.
    pub(super) socket: Socket,
    /// What it is owed.
    pub(super) owed: Owed,
}

impl Connection {
    /// One over which nothing came yet.
    pub fn new(socket: Socket) -> Self {
        Self { socket, owed: FuturesUnordered::new() }
    }

    async fn close(mut self) {
        let _ = timeout(CLOSE_TIME_MAX, self.socket.close(None)).await;
    }
}

/// What a connection needs of everything around it.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Reads what comes.
    pub incoming: &'a Incoming,
    /// Hands it over.
    pub order: &'a Order,
    /// Ends it.
    pub shutdown: &'a Shutdown,
}

/// Why a connection ended.
pub enum Ended {
    /// We were told to stop.
    Stopped,
    /// The platform, or its age, wants another one: this one is still good for what is on its way.
    Leaving(Box<Connection>),
    /// It broke, or nothing came any more.
    Lost(String),
}

/// Lives until the connection ends, at `old_at` at the latest. `leaving` is the one before it, read until it closes. Says also
/// whether anything ever came.
pub async fn live(
    mut connection: Connection,
    leaving: Option<Box<Connection>>,
    old_at: Instant,
    around: Surroundings<'_>,
) -> (Ended, bool) {
    let mut heard = false;
    let turn = {
        let rest = drain(leaving, around);
        let turns = turns(&mut connection, old_at, around, &mut heard);
        tokio::pin!(rest, turns);
        tokio::select! {
            turn = &mut turns => turn,
            () = &mut rest => turns.await,
        }
    };
    let ended = match turn {
        Turn::Leaving => Ended::Leaving(Box::new(connection)),
        Turn::Stopped => {
            let _ = timeout(CLOSE_TIME_MAX, settle(&mut connection)).await;
            connection.close().await;
            Ended::Stopped
        }
        Turn::Lost(reason) => {
            connection.close().await;
            Ended::Lost(reason)
        }
    };
    (ended, heard)
}

/// How a turn ended.
enum Turn {
    Stopped,
    Leaving,
    Lost(String),
}

/// Pays what a connection owes, until it owes nothing more or cannot be written to.
pub async fn settle(connection: &mut Connection) {
    while let Some((frame, kept)) = connection.owed.next().await {
        if acknowledge(&mut connection.socket, &frame, kept).await.is_err() {
            return;
        }
    }
}

/// Reads what a connection that goes still brings, then closes it.
async fn drain(leaving: Option<Box<Connection>>, around: Surroundings<'_>) {
    let Some(mut connection) = leaving else { return };
    let reading = async {
        loop {
            let Connection { socket, owed } = connection.as_mut();
            let outcome = tokio::select! {
                Some((frame, kept)) = owed.next(), if !owed.is_empty() => acknowledge(socket, &frame, kept).await,
                message = socket.next(), if owed.len() < FRAMES_UNDERWAY_MAX => match message {
                    Some(Ok(message)) => hear(connection.as_mut(), message, around).await.map(drop),
                    Some(Err(_)) | None => return,
                },
            };
            if outcome.is_err() {
                return;
            }
        }
    };
    let _ = timeout(LEAVING_TIME_MAX, reading).await;
    connection.close().await;
}

async fn turns(
    connection: &mut Connection,
    old_at: Instant,
    around: Surroundings<'_>,
    heard: &mut bool,
) -> Turn {
    let clock = &around.incoming.clock;
    let mut asked_at: Option<Instant> = None;
    let mut last_at = Instant::now();
    let (mut look_at, mut wall_ms) = (Instant::now() + CLOCK_LOOK, clock.now_ms());
    loop {
        let silent_until = asked_at.map_or(last_at + SILENCE_MAX, |asked| asked + PONG_TIME_MAX);
        let Connection { socket, owed } = &mut *connection;
        let outcome = tokio::select! {
            () = around.shutdown.wait() => return Turn::Stopped,
            () = sleep_until(old_at) => return Turn::Leaving,
            () = sleep_until(look_at) => {
                let now_ms = clock.now_ms();
                let late_ms = u64::try_from((Instant::now() - look_at).as_millis()).unwrap_or(u64::MAX);
                let due_ms = u64::try_from(CLOCK_LOOK.as_millis()).unwrap_or(u64::MAX).saturating_add(late_ms);
                if now_ms.saturating_sub(wall_ms) > due_ms.saturating_add(CLOCK_JUMP_MS) {
                    return Turn::Lost("the machine slept".to_owned());
                }
                (look_at, wall_ms) = (Instant::now() + CLOCK_LOOK, now_ms);
                Ok(Next::Staying)
            }
            () = sleep_until(silent_until) => {
                if asked_at.is_some() {
                    return Turn::Lost("nothing came after a ping".to_owned());
                }
                asked_at = Some(Instant::now());
                say(socket, Message::Ping(Bytes::new())).await.map(|()| Next::Staying)
            }
            Some((frame, kept)) = owed.next(), if !owed.is_empty() => {
                acknowledge(socket, &frame, kept).await.map(|()| Next::Staying)
            }
            message = socket.next(), if owed.len() < FRAMES_UNDERWAY_MAX => {
                let message = match message {
                    Some(Ok(Message::Close(_))) | None => return Turn::Lost("the platform closed the stream".to_owned()),
                    Some(Ok(message)) => message,
                    Some(Err(error)) => return Turn::Lost(error.to_string()),
                };
                (last_at, asked_at, *heard) = (Instant::now(), None, true);
                hear(connection, message, around).await
            }
        };
        match outcome {
            Ok(Next::Staying) => {}
            Ok(Next::Going) => return Turn::Leaving,
            Err(reason) => return Turn::Lost(reason),
        }
    }
}
