//! The endpoints that the specification lists, compared with those that this server has.
//!
//! `endpoints/client_server.txt` and `endpoints/server_server.txt` are the specification's lists,
//! `endpoints/legacy.txt` holds older paths that clients in use still call, `endpoints/not_served.txt` the gaps, each
//! with its reason. A gap that is served and an endpoint that is neither served nor a gap both fail, so the lists cannot
//! grow old unseen.

#![expect(clippy::unwrap_used, reason = "in a test a missing value is a failure")]

use std::collections::BTreeSet;

const SPECIFICATION: &str = include_str!("endpoints/client_server.txt");
const FEDERATION: &str = include_str!("endpoints/server_server.txt");
const LEGACY: &str = include_str!("endpoints/legacy.txt");
const NOT_SERVED: &str = include_str!("endpoints/not_served.txt");

/// `GET /a/{}`: method and path with nameless arguments, because names differ between the lists.
fn endpoint(line: &str) -> String {
    let (method, path) = line.split_once(' ').unwrap();
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
    format!("{method} {}", segments.collect::<Vec<_>>().join("/"))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn served() -> BTreeSet<String> {
    let lists = [lianqiao_http::client::routes().list(), lianqiao_http::federation::routes().list()];
    lists.concat().into_iter().map(|(path, method)| endpoint(&format!("{method} {path}"))).collect()
}

fn gaps() -> BTreeSet<String> {
    lines(NOT_SERVED).map(|line| endpoint(line.split_once(" # ").unwrap().0.trim())).collect()
}

#[test]
fn every_endpoint_of_the_specification_is_served_or_a_gap_with_a_reason() {
    let (served, gaps) = (served(), gaps());
    let missing: Vec<String> = lines(SPECIFICATION)
        .chain(lines(FEDERATION))
        .chain(lines(LEGACY))
        .filter(|line| {
            let endpoint = endpoint(line);
            !served.contains(&endpoint) && !gaps.contains(&endpoint)
        })
        .map(str::to_owned)
        .collect();
    assert_eq!(missing, [""; 0], "neither served nor in not_served.txt");
}

#[test]
fn no_gap_is_served_and_every_gap_has_a_reason() {
    let served = served();
    let known: BTreeSet<String> =
        lines(SPECIFICATION).chain(lines(FEDERATION)).chain(lines(LEGACY)).map(endpoint).collect();
    for line in lines(NOT_SERVED) {
        let (gap, reason) = line.split_once(" # ").unwrap();
        let gap = endpoint(gap.trim());
        assert!(!reason.trim().is_empty(), "{line}");
        assert!(!served.contains(&gap), "served by now; take it out of not_served.txt: {line}");
        assert!(known.contains(&gap), "in no list of endpoints: {line}");
    }
}

#[test]
fn the_specification_lists_each_endpoint_once() {
    let all: Vec<String> =
        lines(SPECIFICATION).chain(lines(FEDERATION)).chain(lines(LEGACY)).map(endpoint).collect();
    let distinct: BTreeSet<&String> = all.iter().collect();
    assert_eq!(all.len(), distinct.len());
    assert_eq!(lines(SPECIFICATION).count(), 164);
}

#[test]
fn what_is_forbidden_to_suspended_accounts_is_an_endpoint() {
    let served = served();
    for (method, path) in lianqiao_http::extract::suspension::FORBIDDEN_TO_SUSPENDED {
        assert!(served.contains(&format!("{method} {path}")), "{method} {path}");
    }
}

#[test]
fn what_is_forbidden_to_visitors_is_an_endpoint() {
    let served = served();
    for (method, path) in lianqiao_http::extract::visiting::FORBIDDEN_TO_VISITORS {
        assert!(served.contains(&format!("{method} {path}")), "{method} {path}");
    }
}
