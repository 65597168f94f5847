//! A mail server on loopback, as a scenario's own.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::limits::REQUEST_TIMEOUT;

/// Takes every letter that the server hands over.
#[derive(Clone)]
pub struct Mailbox {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    letters: Mutex<VecDeque<ReceivedLetter>>,
    news: Notify,
}

/// A letter as it came over the wire, its parts decoded.
#[derive(Clone, Debug)]
pub struct ReceivedLetter {
    /// Whom it was for.
    pub to: String,
    /// Head and body, with quoted-printable and base64 undone.
    pub text: String,
}

impl ReceivedLetter {
    /// The first link of the plain text, without scheme and host.
    #[must_use]
    pub fn link(&self) -> String {
        let start = self.text.find("/_lianqiao/").expect("the letter has a link");
        let rest = &self.text[start..];
        rest.split(|c: char| c.is_whitespace() || c == '"' || c == '<' || c == '>')
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

impl Mailbox {
    /// Listens on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared::default());
        let mailbox = Self { address, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&shared)));
            }
        });
        mailbox
    }

    /// The port of the mail server.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Waits for the next letter.
    pub async fn receives(&self) -> ReceivedLetter {
        let next = async {
            loop {
                if let Some(letter) = self.shared.letters.lock().pop_front() {
                    return letter;
                }
                self.shared.news.notified().await;
            }
        };
        tokio::time::timeout(REQUEST_TIMEOUT, next).await.expect("a letter arrives")
    }

    /// Letters that nobody looked at yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.letters.lock().len()
    }
}

/// As much of SMTP as a client needs to hand over letters.
async fn converse(stream: TcpStream, shared: Arc<Shared>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 mailbox ready").await?;
    let mut to = String::new();
    loop {
        let line = hear(&mut stream).await?;
        let command = line.to_ascii_uppercase();
        if command.starts_with("RCPT TO:") {
            to = line[8..].trim_matches(['<', '>', ' ']).to_owned();
        }
        match command.get(..4) {
            Some("EHLO") => say(&mut stream, "250-mailbox\r\n250 8BITMIME").await?,
            Some("DATA") => {
                say(&mut stream, "354 go on").await?;
                let mut raw = String::new();
                loop {
                    let line = hear(&mut stream).await?;
                    if line == "." {
                        break;
                    }
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push('\n');
                }
                shared.letters.lock().push_back(ReceivedLetter { to: to.clone(), text: decoded(&raw) });
                shared.news.notify_one();
                say(&mut stream, "250 taken").await?;
            }
            Some("QUIT") => {
                say(&mut stream, "221 bye").await?;
                return None;
            }
            _ => say(&mut stream, "250 fine").await?,
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> Option<()> {
    stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.ok()
}

async fn hear(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    if stream.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    Some(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Undoes the two encodings of mail, part by part.
fn decoded(raw: &str) -> String {
    let mut out = String::new();
    let mut encoding = "";
    let mut block = String::new();
    for line in raw.lines().chain(["--"]) {
        let lower = line.to_ascii_lowercase();
        if lower.starts_with("--") {
            out.push_str(&undone(encoding, &block));
            (encoding, block) = ("", String::new());
        } else if lower.starts_with("content-transfer-encoding: quoted-printable") {
            encoding = "quoted";
        } else if lower.starts_with("content-transfer-encoding: base64") {
            encoding = "base64";
        } else {
            block.push_str(line);
            block.push('\n');
        }
    }
    out
}

fn undone(encoding: &str, text: &str) -> String {
    match encoding {
        "quoted" => quoted_printable(text),
        "base64" => base64(text),
        _ => text.to_owned(),
    }
}

fn quoted_printable(text: &str) -> String {
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *byte == b'=') {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    // The headers of the part stand before an empty line.
    let body = text.split_once("\n\n").map_or(text, |(_, body)| body);
    for value in body.bytes().filter_map(|byte| LETTERS.iter().position(|letter| *letter == byte)) {
        held = (held << 6) | u32::try_from(value).unwrap_or_default();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap_or_default());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
