//! What the peer answers to other servers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::Has;
use crate::Authority;

/// Events of one answer.
const EVENTS_MAX: usize = 100;

/// Where the hosts are that the peer asks; one that is not here is this machine.
pub(super) struct Hosts(pub BTreeMap<String, IpAddr>);

impl Resolve for Hosts {
    fn resolve(&self, name: Name) -> Resolving {
        let address = self.0.get(name.as_str()).copied().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let addresses: Addrs = Box::new(std::iter::once(SocketAddr::new(address, 0)));
        Box::pin(async move { Ok(addresses) })
    }
}

pub(super) fn acceptor(authority: &Authority) -> TlsAcceptor {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = CertificateDer::from_pem_file(authority.certificate_file()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(authority.key_file()).expect("a key");
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key fits the certificate");
    TlsAcceptor::from(Arc::new(config))
}

pub(super) async fn serve(listener: TcpListener, acceptor: TlsAcceptor, keys: Value, has: Arc<Has>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, keys, has) = (acceptor.clone(), keys.clone(), Arc::clone(&has));
        tokio::spawn(async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                connection(BufReader::new(stream), &keys, &has).await;
            }
        });
    }
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin>(mut stream: BufReader<S>, keys: &Value, has: &Has) {
    while let Some((target, body)) = read_request(&mut stream).await {
        let answer = if target.contains("/_matrix/key/v2/server") {
            let keeps = has.keeps_keys.load(Ordering::SeqCst);
            has.asked.send_modify(|asked| asked.push(target.clone()));
            Some(if keeps { (500, json!({})) } else { (200, keys.clone()) })
        } else {
            has.asked.send_modify(|asked| asked.push(target.clone()));
            has.arrived.fetch_add(body["pdus"].as_array().map_or(0, Vec::len), Ordering::SeqCst);
            // What sends is in `has`, which lives as long as this.
            let mut held = has.held.subscribe();
            let is_free = |held: &Vec<String>| !held.iter().any(|part| target.contains(part.as_str()));
            drop(held.wait_for(is_free).await);
            has.edus.lock().extend(body["edus"].as_array().into_iter().flatten().cloned());
            has.told(&target).or_else(|| has.answer(&target, &body).map(|answer| (200, answer)))
        };
        let not_here = || (404, json!({ "errcode": "M_NOT_FOUND", "error": "not here" }));
        let (status, answer) = answer.unwrap_or_else(not_here);
        let text = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        if stream.get_mut().write_all(format!("{head}{text}").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Method and target of one request, and its body.
async fn read_request<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<(String, Value)> {
    let (mut target, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if target.is_empty() {
            target = line.trim_end_matches(" HTTP/1.1").to_owned();
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((target, serde_json::from_slice(&body).unwrap_or_default()))
}

impl Has {
    /// What the scenario told the peer to answer, the newest word first.
    fn told(&self, target: &str) -> Option<(u16, Value)> {
        let answers = self.answers.lock();
        let (_, status, body) = answers.iter().rev().find(|(part, ..)| target.contains(part.as_str()))?;
        Some((*status, body.clone()))
    }

    fn answer(&self, target: &str, body: &Value) -> Option<Value> {
        let (_, path) = target.split_once("/_matrix/federation/")?;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<String> = path.split('/').map(unescaped).collect();
        let of_query = |name: &str| -> Vec<String> {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(key, _)| *key == name).map(|(_, value)| unescaped(value)).collect()
        };
        match parts.get(1)?.as_str() {
            "event" => {
                let event = self.event(parts.get(2)?)?;
                Some(json!({ "origin": "peer", "origin_server_ts": 1, "pdus": [event] }))
            }
            "event_auth" => {
                let chain = self.behind(&[parts.get(3)?.clone()]);
                Some(json!({ "auth_chain": self.given(&chain) }))
            }
            "state_ids" => {
                let state = self.state_before(of_query("event_id").first()?)?;
                Some(json!({ "pdu_ids": state, "auth_chain_ids": self.behind(&state) }))
            }
            "state" => {
                let state = self.state_before(of_query("event_id").first()?)?;
                Some(json!({ "pdus": self.given(&state), "auth_chain": self.given(&self.behind(&state)) }))
            }
            "backfill" => {
                let found = self.before(&of_query("v"), &[], true);
                Some(json!({ "origin": "peer", "origin_server_ts": 1, "pdus": self.given(&found) }))
            }
            "get_missing_events" => {
                let ids = |field: &str| -> Vec<String> {
                    serde_json::from_value(body[field].clone()).unwrap_or_default()
                };
                let mut found = self.before(&ids("latest_events"), &ids("earliest_events"), false);
                found.reverse();
                Some(json!({ "events": self.given(&found) }))
            }
            "send" => {
                let pdus: Vec<Value> = body["pdus"].as_array().into_iter().flatten().cloned().collect();
                self.receives(&pdus);
                self.transactions.lock().push((parts.get(2)?.clone(), pdus));
                Some(json!({ "pdus": {} }))
            }
            "make_join" => self.join_template(parts.get(2)?, parts.get(3)?),
            "send_join" => self.takes_join(parts.get(2)?, parts.get(3)?, body, &of_query("omit_members")),
            _ => None,
        }
    }

    fn state_before(&self, id: &str) -> Option<Vec<String>> {
        let states = self.states.lock();
        states.get(id).or_else(|| states.get("")).cloned()
    }

    fn event(&self, id: &str) -> Option<Value> {
        if self.withheld.lock().contains(id) { None } else { self.events.lock().get(id).cloned() }
    }

    pub(super) fn given(&self, ids: &[String]) -> Vec<Value> {
        ids.iter().filter_map(|id| self.event(id)).collect()
    }

    /// What stands behind these events, without them.
    pub(super) fn behind(&self, ids: &[String]) -> Vec<String> {
        let mut open = ids.to_vec();
        let mut found = BTreeSet::new();
        while let Some(id) = open.pop() {
            let event = self.events.lock().get(&id).cloned().unwrap_or_default();
            for parent in event["auth_events"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if found.insert(parent.to_owned()) {
                    open.push(parent.to_owned());
                }
            }
        }
        found.into_iter().filter(|id| !ids.contains(id)).collect()
    }

    /// Events before these, the nearest first; what is withheld ends the walk there.
    fn before(&self, ids: &[String], known: &[String], with_them: bool) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut open: Vec<String> = ids.to_vec();
        while !open.is_empty() && found.len() < EVENTS_MAX {
            let id = open.remove(0);
            let Some(event) = self.event(&id) else { continue };
            if known.contains(&id) || found.contains(&id) {
                continue;
            }
            if with_them || !ids.contains(&id) {
                found.push(id);
            }
            let parents = event["prev_events"].as_array().into_iter().flatten();
            open.extend(parents.filter_map(Value::as_str).map(str::to_owned));
        }
        found
    }
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, later)) = rest.split_first() {
        let code = later.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &later[2..];
            }
            _ => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = later;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
