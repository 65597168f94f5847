use super::*;

/// Wednesday, 4 November 2026, 10:00 in Shanghai.
const START_S: u64 = 1_793_757_600;
const END_S: u64 = START_S + 3_600;

fn shanghai(rule: &str) -> Option<Repeats> {
    Repeats::of(rule, "Asia/Shanghai", START_S, END_S)
}

#[test]
fn what_the_platform_knows_is_said_in_its_numbers() {
    let table = [
        ("FREQ=DAILY", json!([0, 0, null, null])),
        ("FREQ=DAILY;INTERVAL=3", json!([0, 1, 3, []])),
        ("FREQ=WEEKLY", json!([1, 1, 1, [3]])),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", json!([1, 1, 2, [3]])),
        ("FREQ=WEEKLY;BYDAY=FR,MO,WE", json!([1, 1, 1, [1, 3, 5]])),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", json!([1, 1, 1, [1, 2, 3, 4, 5]])),
        ("FREQ=MONTHLY", json!([2, 1, 1, []])),
        ("freq=monthly;bymonthday=4,18", json!([2, 1, 1, []])),
        ("FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=4", json!([5, 0, null, null])),
    ];
    for (rule, expected) in table {
        let said = shanghai(rule).unwrap_or_else(|| panic!("{rule}")).fields();
        let part = |name: &str| said.get(name).cloned().unwrap_or_default();
        let found = json!([
            part("repeat_type"),
            part("is_custom_repeat"),
            part("repeat_interval"),
            part("repeat_day_of_week")
        ]);
        assert_eq!(found, expected, "{rule}");
        let rest = (part("timezone"), part("repeat_until"), part("is_repeat"));
        assert_eq!(rest, (json!(8), json!(0), json!(1)), "{rule}");
    }
    let twice = shanghai("FREQ=MONTHLY;BYMONTHDAY=18,4").expect("by months").fields();
    assert_eq!(twice["repeat_day_of_month"], json!([4, 18]));
}

#[test]
fn a_series_ends_with_its_last_one_whichever_way_its_end_is_said() {
    const DAY: u64 = DAY_SECONDS;
    let table = [
        ("FREQ=DAILY;COUNT=1", END_S),
        ("FREQ=DAILY;INTERVAL=2;COUNT=3", END_S + 4 * DAY),
        ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", END_S + 7 * DAY),
        ("FREQ=MONTHLY;COUNT=2", END_S + 30 * DAY),
        ("FREQ=YEARLY;COUNT=2", END_S + 365 * DAY),
        // The one that begins just then is still one of them.
        ("FREQ=WEEKLY;UNTIL=20261118T020000Z", END_S + 14 * DAY),
        ("FREQ=WEEKLY;UNTIL=20261118T015959Z", END_S + 7 * DAY),
        ("FREQ=WEEKLY;UNTIL=20261118T100000", END_S + 14 * DAY),
        ("FREQ=WEEKLY;UNTIL=20261118", END_S + 14 * DAY),
    ];
    for (rule, expected) in table {
        assert_eq!(shanghai(rule).and_then(|said| said.until_s), Some(expected), "{rule}");
    }
}

#[test]
fn what_it_cannot_say_exactly_is_not_said() {
    let never = [
        "FREQ=MONTHLY;BYDAY=1WE",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=MONTHLY;BYMONTHDAY=5",
        "FREQ=MONTHLY;BYMONTHDAY=4,31",
        "FREQ=WEEKLY;BYDAY=MO",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE",
        "FREQ=DAILY;INTERVAL=2;BYDAY=WE",
        "FREQ=WEEKLY;BYMONTH=11",
        "FREQ=YEARLY;BYMONTH=12",
        "FREQ=YEARLY;COUNT=20",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;UNTIL=20261103",
        "FREQ=DAILY;INTERVAL=0",
        "nonsense",
        "",
    ];
    for rule in never {
        assert_eq!(shanghai(rule), None, "{rule}");
    }
    let elsewhere = |rule, zone| Repeats::of(rule, zone, START_S, END_S);
    assert_eq!(elsewhere("FREQ=DAILY", "Europe/Berlin"), None, "its clocks change");
    assert_eq!(elsewhere("FREQ=DAILY", "Asia/Kolkata"), None, "half an hour");
    assert_eq!(elsewhere("FREQ=DAILY", "Nowhere/Else"), None);
    let short = elsewhere("FREQ=DAILY;COUNT=3", "Europe/Berlin").expect("over before they change");
    assert_eq!(short.zone_hours, 1);
}
