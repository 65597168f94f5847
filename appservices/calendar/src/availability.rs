//! When somebody is busy, as servers tell each other (MSC4496, under its unstable prefix): moments, answers, and what of an
//! answer of another server can be used.

use jiff::Timestamp;
use ruma::UserId;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Busy, BusyKind, Span,
    limits::{INTERVALS_MAX, MOMENT_BYTES_MAX, TITLE_CHARS_MAX},
    time::joined,
};

/// Both ends of a span as texts; none for what no calendar reaches.
pub(crate) fn texts(span: Span) -> Option<(String, String)> {
    Some((text(span.from_ms)?, text(span.until_ms)?))
}

fn text(at_ms: u64) -> Option<String> {
    let at = Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok()?;
    Some(at.to_string())
}

/// The span between two moments as they were written; none where they are none, or the end is not behind the start.
pub(crate) fn span(start: &str, end: &str) -> Option<Span> {
    let span = Span { from_ms: moment(start)?, until_ms: moment(end)? };
    (span.from_ms < span.until_ms).then_some(span)
}

fn moment(text: &str) -> Option<u64> {
    let at: Timestamp = (text.len() <= MOMENT_BYTES_MAX).then(|| text.parse().ok())??;
    u64::try_from(at.as_millisecond()).ok()
}

/// The answer to a question about a span.
pub(crate) fn written(who: &UserId, within: Span, busy: &[Busy]) -> Option<Value> {
    let (start, end) = texts(within)?;
    let busy: Option<Vec<Value>> = busy
        .iter()
        .map(|busy| {
            let kind = match busy.kind {
                BusyKind::Tentative => "BUSY-TENTATIVE",
                BusyKind::Busy => "BUSY",
                BusyKind::OutOfOffice => "BUSY-UNAVAILABLE",
            };
            let mut one = json!({ "start": text(busy.from_ms)?, "end": text(busy.until_ms)?, "type": kind });
            if let Some(title) = &busy.title {
                one["title"] = json!(title);
            }
            Some(one)
        })
        .collect();
    Some(json!({ "user_id": who, "range_start": start, "range_end": end, "busy": busy? }))
}

/// An answer; keys that are not ours are left alone.
#[derive(Deserialize)]
struct Answer {
    user_id: String,
    range_start: String,
    range_end: String,
    busy: Vec<Interval>,
}

#[derive(Deserialize)]
struct Interval {
    start: String,
    end: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    title: Option<String>,
}

/// What another server says of somebody's time, in order and within what was asked. None where it says it of somebody else, not
/// for all of that time, too much, or anything that makes no sense: who says one thing wrong may have left out another.
pub(crate) fn read(answer: &Value, who: &UserId, within: Span) -> Option<Vec<Busy>> {
    let answer = Answer::deserialize(answer).ok()?;
    let covered = span(&answer.range_start, &answer.range_end)?;
    let is_whole = covered.from_ms <= within.from_ms && within.until_ms <= covered.until_ms;
    if answer.user_id != who.as_str() || !is_whole || answer.busy.len() > INTERVALS_MAX {
        return None;
    }
    let busy: Option<Vec<Busy>> = answer.busy.into_iter().map(interval).collect();
    Some(joined(busy?, within))
}

fn interval(said: Interval) -> Option<Busy> {
    let Span { from_ms, until_ms } = span(&said.start, &said.end)?;
    let kind = match said.kind.as_str() {
        "BUSY-TENTATIVE" => BusyKind::Tentative,
        "BUSY-UNAVAILABLE" => BusyKind::OutOfOffice,
        // A word that we do not know takes time all the same.
        _ => BusyKind::Busy,
    };
    Some(Busy { from_ms, until_ms, kind, title: said.title.map(|title| plain(&title)) })
}

/// A title in one line, without signs that are none, or turn the ones around them.
fn plain(title: &str) -> String {
    let is_turning = |sign: char| matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = title.chars().filter(|sign| !is_turning(*sign)).take(TITLE_CHARS_MAX);
    let line: String = shown.map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    const HOUR_MS: u64 = 3_600_000;
    /// 2026-11-05 00:00 UTC.
    const DAY_MS: u64 = 1_793_836_800_000;
    const DAY: Span = Span { from_ms: DAY_MS, until_ms: DAY_MS + 24 * HOUR_MS };

    fn busy(from: u64, until: u64, kind: BusyKind, title: Option<&str>) -> Busy {
        let (from_ms, until_ms) = (DAY_MS + from * HOUR_MS, DAY_MS + until * HOUR_MS);
        Busy { from_ms, until_ms, kind, title: title.map(str::to_owned) }
    }

    #[test]
    fn what_is_said_is_understood() {
        let eve = user_id!("@eve:partner.example");
        let all = [
            busy(1, 2, BusyKind::Busy, Some("周会")),
            busy(3, 4, BusyKind::Tentative, None),
            busy(5, 6, BusyKind::OutOfOffice, None),
        ];
        let said = written(eve, DAY, &all).unwrap();
        assert_eq!(
            said["busy"][0],
            json!({ "start": "2026-11-05T01:00:00Z", "end": "2026-11-05T02:00:00Z", "type": "BUSY", "title": "周会" })
        );
        assert_eq!(read(&said, eve, DAY).unwrap(), all);
        let hour = Span { from_ms: DAY_MS + HOUR_MS, until_ms: DAY_MS + 4 * HOUR_MS };
        assert_eq!(read(&said, eve, hour).unwrap(), all[..2], "what was not asked for is left out");
    }

    #[test]
    fn what_makes_no_sense_is_unknown() {
        let eve = user_id!("@eve:partner.example");
        let fine = written(eve, DAY, &[busy(1, 2, BusyKind::Busy, Some("a\nb\u{202e}\u{0}"))]).unwrap();
        assert_eq!(read(&fine, eve, DAY).unwrap()[0].title.as_deref(), Some("a b"));
        let changed = |pointer: &str, value: Value| {
            let mut said = fine.clone();
            *said.pointer_mut(pointer).unwrap() = value;
            said
        };
        let long = format!("2026-11-05T01:00:00.{}Z", "0".repeat(100));
        for said in [
            json!(null),
            json!({}),
            changed("/user_id", json!("@mallory:partner.example")),
            changed("/range_start", json!("2026-11-05T00:00:01Z")),
            changed("/range_end", json!("2026-11-05T12:00:00Z")),
            changed("/range_end", json!("never")),
            changed("/busy", json!("all day")),
            changed("/busy/0/start", json!(1)),
            changed("/busy/0/start", json!("2026-11-05T02:00:00Z")),
            changed("/busy/0/start", json!("2026-11-05T03:00:00Z")),
            changed("/busy/0/start", json!("yesterday")),
            changed("/busy/0/start", json!(long)),
            changed("/busy/0/end", json!("-009999-01-01T00:00:00Z")),
            changed("/busy", json!(vec![fine["busy"][0].clone(); INTERVALS_MAX + 1])),
        ] {
            assert_eq!(
                read(&said, eve, DAY),
                None,
                "{}",
                said.to_string().chars().take(200).collect::<String>()
            );
        }
        let odd = read(&changed("/busy/0/type", json!("X-ASLEEP")), eve, DAY).unwrap();
        assert_eq!(odd[0].kind, BusyKind::Busy, "a word that is not known takes time");
    }
}
