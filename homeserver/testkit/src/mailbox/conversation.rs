//! As much of SMTP as a client needs to hand over letters: EHLO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA.

use std::sync::Arc;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{
    Protection, ReceivedLetter, Shared,
    decoding::{base64, decoded},
};

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

type Stream = BufReader<Box<dyn Wire>>;

/// One connection of a client, and what it has done so far.
struct Conversation {
    shared: Arc<Shared>,
    commands: Vec<String>,
    letters: usize,
    protected: bool,
    login: Option<String>,
    to: String,
}

/// Holds one conversation to its end.
pub(super) async fn hold(stream: TcpStream, shared: Arc<Shared>) {
    let mut conversation = Conversation {
        shared: Arc::clone(&shared),
        commands: Vec::new(),
        letters: 0,
        protected: false,
        login: None,
        to: String::new(),
    };
    let _ = conversation.run(stream).await;
    if conversation.letters == 0 {
        shared.vain.lock().push_back(conversation.commands);
        shared.news.notify_one();
    }
}

impl Conversation {
    async fn run(&mut self, stream: TcpStream) -> Option<()> {
        let mut stream: Stream = BufReader::new(Box::new(stream));
        if self.shared.protection == Protection::Tls {
            stream = self.protect(stream).await?;
        }
        say(&mut stream, "220 mailbox ready").await?;
        loop {
            let line = hear(&mut stream).await?;
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            self.commands.push(verb.clone());
            match verb.as_str() {
                "EHLO" => say(&mut stream, &self.greeting()).await?,
                "STAR" if self.offers_starttls() => {
                    say(&mut stream, "220 go on").await?;
                    stream = self.protect(stream).await?;
                }
                "AUTH" => {
                    let answer = self.log_in(&line);
                    say(&mut stream, answer).await?;
                }
                "MAIL" if self.offers_starttls() => say(&mut stream, "530 STARTTLS first").await?,
                "MAIL" if self.shared.login.is_some() && self.login.is_none() => {
                    say(&mut stream, "530 log in first").await?;
                }
                "RCPT" => {
                    self.to = line["RCPT TO:".len()..].trim_matches(['<', '>', ' ']).to_owned();
                    say(&mut stream, "250 fine").await?;
                }
                "DATA" => {
                    say(&mut stream, "354 go on").await?;
                    let raw = letter(&mut stream).await?;
                    self.take(&raw);
                    say(&mut stream, "250 taken").await?;
                }
                "QUIT" => return say(&mut stream, "221 bye").await,
                _ => say(&mut stream, "250 fine").await?,
            }
        }
    }

    async fn protect(&mut self, stream: Stream) -> Option<Stream> {
        let protected = self.shared.tls.accept(stream.into_inner()).await.ok()?;
        self.protected = true;
        Some(BufReader::new(Box::new(protected)))
    }

    fn offers_starttls(&self) -> bool {
        self.shared.protection == Protection::Starttls && !self.protected
    }

    fn greeting(&self) -> String {
        let mut lines = vec!["mailbox"];
        if self.offers_starttls() {
            lines.push("STARTTLS");
        }
        if self.shared.login.is_some() {
            lines.push("AUTH PLAIN");
        }
        let lines: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
        lines + "250 8BITMIME"
    }

    /// `AUTH PLAIN` with base64 of nothing, user and password, each after a zero.
    fn log_in(&mut self, line: &str) -> &'static str {
        let given = base64(line.split_whitespace().nth(2).unwrap_or_default());
        let mut parts = given.split('\0').skip(1).map(str::to_owned);
        let given = parts.next().zip(parts.next());
        if given.is_none() || given != self.shared.login {
            return "535 unknown user or wrong password";
        }
        self.login = given.map(|(user, _)| user);
        "235 welcome"
    }

    fn take(&mut self, raw: &str) {
        self.letters += 1;
        let letter = ReceivedLetter {
            to: self.to.clone(),
            text: decoded(raw),
            protected: self.protected,
            login: self.login.clone(),
        };
        self.shared.letters.lock().push_back(letter);
        self.shared.news.notify_one();
    }
}

/// The lines up to a single dot.
async fn letter(stream: &mut Stream) -> Option<String> {
    let mut raw = String::new();
    loop {
        let line = hear(stream).await?;
        if line == "." {
            return Some(raw);
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
        raw.push('\n');
    }
}

async fn say(stream: &mut Stream, line: &str) -> Option<()> {
    stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.get_mut().flush().await.ok()
}

async fn hear(stream: &mut Stream) -> Option<String> {
    let mut line = String::new();
    if stream.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    Some(line.trim_end_matches(['\r', '\n']).to_owned())
}
