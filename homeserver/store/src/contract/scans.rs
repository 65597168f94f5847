//! Ranges of keys.

use model::{EventNum, RoomNum, TimelinePos};

use super::{COUNTERS, PAIRS, Place, SIGNED, TEXTS, TIMELINE, open};
use crate::{Batch, Scan};

/// Rows come in the order of their keys, whatever the order of writing.
pub async fn keys_of_every_kind_scan_in_their_order(place: &impl Place) {
    let store = open(place).await;
    let texts = ["", "\0", "\0\0", "a", "a\0", "a\0b", "a\u{1}", "aa", "b", "ÿ", "连"];
    let signed = [i64::MIN, -300, -1, 0, 1, 255, 256, i64::MAX];
    let numbers = [0, 1, 255, 256, 65_535, u64::MAX];
    let mut batch = Batch::new();
    texts.iter().rev().for_each(|text| {
        batch.put(&TEXTS, *text, &String::new());
    });
    signed.iter().rev().for_each(|number| {
        batch.put(&SIGNED, number, &());
    });
    numbers.iter().rev().for_each(|number| {
        batch.put(&COUNTERS, number, &0);
    });
    store.commit(batch).await.expect("commit");
    assert_eq!(store.scan_keys(&TEXTS, Scan::all()).await.expect("scan"), texts);
    assert_eq!(store.scan_keys(&SIGNED, Scan::all()).await.expect("scan"), signed);
    let mut backwards = store.scan_keys(&COUNTERS, Scan::all().reverse()).await.expect("scan");
    backwards.reverse();
    assert_eq!(backwards, numbers);
}

/// The rows of `!ab` are not the rows of `!abc`, nor of a name with a zero byte.
pub async fn a_prefix_does_not_leak_into_a_longer_name(place: &impl Place) {
    let store = open(place).await;
    let mut batch = Batch::new();
    for name in ["!a", "!ab", "!ab\0", "!ab\0c", "!abc", "!ac"] {
        (0..3).for_each(|number| {
            batch.put(&PAIRS, &(name, number), &number);
        });
    }
    for room in [1, 2, 255, 256, u64::MAX] {
        batch.put(&TIMELINE, &(RoomNum::new(room), TimelinePos::new(-5)), &row(1));
        batch.put(&TIMELINE, &(RoomNum::new(room), TimelinePos::new(5)), &row(2));
    }
    store.commit(batch).await.expect("commit");
    for name in ["!ab", "!ab\0", "!abc"] {
        let keys = store.scan_keys(&PAIRS, Scan::prefix(name)).await.expect("scan");
        let expected: Vec<_> = (0..3).map(|number| (name.to_owned(), number)).collect();
        assert_eq!(keys, expected, "{name:?}");
        let mut backwards = store.scan_keys(&PAIRS, Scan::prefix(&(name,)).reverse()).await.expect("scan");
        backwards.reverse();
        assert_eq!(backwards, expected, "{name:?}");
    }
    assert_eq!(store.count(&PAIRS, Scan::prefix("!")).await.expect("count"), 0);
    for room in [1, 2, 255, 256, u64::MAX].map(RoomNum::new) {
        let keys = store.scan_keys(&TIMELINE, Scan::prefix(&room)).await.expect("scan");
        assert_eq!(keys, [(room, TimelinePos::new(-5)), (room, TimelinePos::new(5))]);
    }
}

fn row(event: u64) -> (EventNum, TimelinePos) {
    (EventNum::new(event), TimelinePos::ZERO)
}

/// Every bound, alone and together with a prefix, both ways.
pub async fn bounds_limit_and_direction_are_kept(place: &impl Place) {
    let store = open(place).await;
    let mut batch = Batch::new();
    for name in ["l", "m", "n"] {
        (0..10).for_each(|number| {
            batch.put(&PAIRS, &(name, number * 2), &0);
        });
    }
    store.commit(batch).await.expect("commit");
    let m = |number: u64| ("m", number);
    type Pairs = Scan<(String, u64)>;
    let cases: [(Pairs, Vec<u64>); 12] = [
        (Scan::prefix("m").from(&m(14)), vec![14, 16, 18]),
        (Scan::prefix("m").after(&m(14)), vec![16, 18]),
        (Scan::prefix("m").after(&m(13)), vec![14, 16, 18]),
        (Scan::prefix("m").until(&m(4)), vec![0, 2]),
        (Scan::prefix("m").up_to(&m(4)), vec![0, 2, 4]),
        (Scan::prefix("m").up_to(&m(5)).reverse(), vec![4, 2, 0]),
        (Scan::prefix("m").after(&m(4)).up_to(&m(10)).reverse().limit(2), vec![10, 8]),
        (Scan::prefix("m").after(&m(4)).until(&m(6)), vec![]),
        (Scan::prefix("m").from(&m(10)).until(&m(4)), vec![]),
        (Scan::prefix("m").limit(0), vec![]),
        (Scan::prefix("m").from(&("a", 0)).up_to(&("z", 0)).limit(3), vec![0, 2, 4]),
        (Scan::all().from(&m(16)).until(&("n", 0)), vec![16, 18]),
    ];
    for (case, (scan, expected)) in cases.into_iter().enumerate() {
        let keys = store.scan_keys(&PAIRS, scan).await.expect("scan");
        assert!(keys.iter().all(|key| key.0 == "m"), "case {case}: {keys:?}");
        assert_eq!(keys.iter().map(|key| key.1).collect::<Vec<_>>(), expected, "case {case}");
    }
    let last = store.first(&PAIRS, Scan::prefix("n").reverse()).await.expect("first");
    assert_eq!(last, Some((("n".to_owned(), 18), 0)));
}

/// Page after page gives every row once.
pub async fn a_scan_is_continued_after_its_last_key(place: &impl Place) {
    let store = open(place).await;
    let mut batch = Batch::new();
    (0..1000).for_each(|number| {
        batch.put(&COUNTERS, &number, &number);
    });
    store.commit(batch).await.expect("commit");
    let mut seen = Vec::new();
    loop {
        let scan = Scan::all().limit(77);
        let scan = if let Some(last) = seen.last() { scan.after(last) } else { scan };
        let page = store.scan_keys(&COUNTERS, scan).await.expect("scan");
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen, (0..1000).collect::<Vec<u64>>());
}
