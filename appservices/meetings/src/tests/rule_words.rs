//! Rules of repetition as cards say them.

use calendar::{Recurrence, Zone};
use jiff::civil::date;
use kit::texts::{Lang, Texts};

use crate::{card::Pen, rule_words::repeats};

fn said(lang: Lang, rule: &str) -> String {
    let zone = Zone::find("Asia/Shanghai").unwrap();
    let texts = Texts::with(&[crate::TEXTS]);
    let rule = Recurrence::parse(rule, &zone).unwrap();
    repeats(&rule, date(2026, 11, 6).at(10, 0, 0, 0), Pen { texts: &texts, lang, zone: &zone })
}

#[test]
fn rules_are_said_in_both_languages() {
    for (rule, zh, en) in [
        ("FREQ=DAILY;COUNT=3", "每天 × 3", "daily × 3"),
        ("FREQ=DAILY;INTERVAL=3", "每 3 天", "every 3 days"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "每工作日", "on weekdays"),
        ("FREQ=WEEKLY", "每周", "weekly"),
        ("FREQ=WEEKLY;BYDAY=WE,MO", "每周一、周三", "every Mon and Wed"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "每周一、周三、周五", "every Mon, Wed and Fri"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "每工作日", "on weekdays"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=5", "每两周 × 5", "every two weeks × 5"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "每两周的周二", "every two weeks on Tue"),
        ("FREQ=WEEKLY;INTERVAL=4", "每 4 周", "every 4 weeks"),
        ("FREQ=MONTHLY", "每月", "monthly"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "每月的1日、15日", "monthly on day 1 and day 15"),
        ("FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1", "每 2 个月的最后一天", "every 2 months on the last day"),
        ("FREQ=MONTHLY;BYMONTHDAY=-3", "每月的倒数第 3 天", "monthly on day 3 from the end"),
        ("FREQ=MONTHLY;BYDAY=1MO", "每月的第一个周一", "monthly on the first Mon"),
        (
            "FREQ=MONTHLY;BYDAY=2TU,-1FR",
            "每月的第二个周二、最后一个周五",
            "monthly on the second Tue and the last Fri",
        ),
        ("FREQ=MONTHLY;BYDAY=TH;BYSETPOS=3", "每月的第三个周四", "monthly on the third Thu"),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "每月的最后一个工作日",
            "monthly on the last weekday",
        ),
        ("FREQ=YEARLY", "每年", "yearly"),
        ("FREQ=YEARLY;INTERVAL=2", "每 2 年", "every 2 years"),
    ] {
        assert_eq!(said(Lang::Zh, rule), format!("重复：{zh}"), "{rule}");
        assert_eq!(said(Lang::En, rule), format!("Repeats: {en}"), "{rule}");
        assert_eq!(said(Lang::Both, rule), format!("重复：{zh}\nRepeats: {en}"), "{rule}");
    }
}

#[test]
fn the_last_day_of_a_series_is_said() {
    // The first instance begins at 10:00.
    for (until, day) in [
        ("20261231T235959", "2026-12-31"),
        ("20261204T100000", "2026-12-04"),
        ("20261204T095959", "2026-12-03"),
        ("20261231", "2026-12-31"),
    ] {
        let rule = format!("FREQ=WEEKLY;UNTIL={until}");
        assert_eq!(said(Lang::Zh, &rule), format!("重复：每周，至 {day}"), "{until}");
        assert_eq!(said(Lang::En, &rule), format!("Repeats: weekly until {day}"), "{until}");
    }
}

#[test]
fn rules_without_words_get_a_sentence() {
    for rule in [
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1",
        "FREQ=MONTHLY;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=-4MO",
        "FREQ=YEARLY;BYDAY=2SU",
        "FREQ=DAILY;INTERVAL=2;BYDAY=MO",
    ] {
        let rule = format!("{rule};COUNT=4");
        assert_eq!(said(Lang::Zh, &rule), "重复：按日历里的规则（见 .ics） × 4", "{rule}");
        assert_eq!(said(Lang::En, &rule), "Repeats: by a rule of its calendar (see the .ics) × 4", "{rule}");
    }
}
