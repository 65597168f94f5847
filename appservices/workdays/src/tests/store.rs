use std::sync::Arc;

use base::Clock;
use ruma::OwnedServerName;
use store::{Engine, Identity, MemoryKv, Store};

use super::date;
use crate::{Imported, Workdays, WorkdaysError, tables};

const OCTOBER: &str = "日期,类型,名称\n2026-10-01,休,国庆节\n2026-10-10,班,\n";

async fn open(engine: &Arc<dyn Engine>) -> (Store, Workdays) {
    let name = OwnedServerName::try_from("test").unwrap();
    let identity = Identity::new(&name, &Clock::fake(0));
    let store = Store::open(Arc::clone(engine), tables(), identity, Vec::new()).await.unwrap();
    let workdays = Workdays::open(store.clone()).await.unwrap();
    (store, workdays)
}

fn memory() -> Arc<dyn Engine> {
    Arc::new(MemoryKv::new())
}

#[tokio::test]
async fn an_imported_calendar_counts_at_once_and_after_a_restart() {
    let engine = memory();
    let (store, workdays) = open(&engine).await;
    let copy = workdays.clone();
    let imported = workdays.import(OCTOBER.as_bytes()).await.unwrap();
    assert_eq!(imported, Imported { years: vec![2026], holidays: 1, made_up: 1 });
    assert_eq!(copy.calendar().name(date("2026-10-01")), Some("国庆节"));
    assert_eq!(workdays.import(OCTOBER.as_bytes()).await.unwrap(), imported);
    store.close().await;
    let (_store, again) = open(&engine).await;
    assert!(
        !again.calendar().is_working(date("2026-10-01")) && again.calendar().is_working(date("2026-10-10"))
    );
}

#[tokio::test]
async fn a_file_replaces_the_years_that_it_names() {
    let (_store, workdays) = open(&memory()).await;
    workdays.import(OCTOBER.as_bytes()).await.unwrap();
    workdays.import(b"date,type\n2027-01-01,holiday\n").await.unwrap();
    assert!(!workdays.calendar().is_working(date("2026-10-01")));
    workdays.import(b"Date,Type,Name\n2026/10/02,off,Friday\n").await.unwrap();
    assert!(workdays.calendar().is_working(date("2026-10-01")), "2026 was replaced");
    assert!(!workdays.calendar().is_working(date("2026-10-02")));
    assert!(!workdays.calendar().is_working(date("2027-01-01")), "2027 was not");
}

#[tokio::test]
async fn what_chinese_spreadsheets_write_is_read() {
    let (_store, workdays) = open(&memory()).await;
    let (bytes, _, _) = encoding_rs::GB18030.encode(OCTOBER);
    workdays.import(&bytes).await.unwrap();
    assert_eq!(workdays.calendar().name(date("2026-10-01")), Some("国庆节"));
    let with_mark = [b"\xef\xbb\xbf".as_slice(), OCTOBER.as_bytes()].concat();
    assert_eq!(workdays.import(&with_mark).await.unwrap().holidays, 1);
}

#[tokio::test]
async fn a_file_with_a_mistake_changes_nothing() {
    let (_store, workdays) = open(&memory()).await;
    workdays.import(OCTOBER.as_bytes()).await.unwrap();
    for (file, says) in [
        ("".as_bytes(), "must name the columns"),
        (b"day,kind\n2026-10-05,off\n", "must name the columns"),
        (b"date,type\n", "names no day"),
        (b"date,type\n2026-13-01,off\n", "line 2: \"2026-13-01\" is no date"),
        (b"date,type\n=1+1,off\n", "is no date"),
        (b"date,type\n2026-10-05,maybe\n", "neither"),
        (b"date,type\n2026-10-05\n", "neither"),
        (b"date,type\n2026-10-05,off\n2026-10-05,work\n", "given twice"),
        (b"\xff\xff\xff\xff", "neither UTF-8 nor GB18030"),
    ] {
        match workdays.import(file).await {
            Err(WorkdaysError::File(problem)) => assert!(problem.contains(says), "{problem}"),
            other => panic!("{says}: {other:?}"),
        }
    }
    assert!(matches!(workdays.import(&vec![b'x'; 600 * 1024]).await, Err(WorkdaysError::File(_))));
    assert!(!workdays.calendar().is_working(date("2026-10-01")));
    assert!(workdays.calendar().is_working(date("2026-10-05")));
}

#[tokio::test]
async fn the_sample_is_a_calendar() {
    let (_store, workdays) = open(&memory()).await;
    let sample = include_bytes!("../../../../config/sample/workdays.csv");
    let imported = workdays.import(sample).await.unwrap();
    assert_eq!(imported.years, [2026]);
    assert!(imported.holidays > imported.made_up && imported.made_up > 0, "{imported:?}");
    assert!(workdays.calendar().name(date("2026-10-01")).is_some_and(|name| name.starts_with("样例")));
}
