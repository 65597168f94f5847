use super::at;
use crate::{duration_ms, limits::DURATION_MS_MAX, read_when};

/// Thursday, 5 November 2026, half past nine.
const NOW: &str = "2026-11-05T09:30:00";

/// What a line says, and how many of its words it took.
fn read(line: &str) -> Option<(String, usize)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (when, used) = read_when(&words, at(NOW))?;
    let time = when.time.map_or_else(String::new, |time| time.strftime(" %H:%M").to_string());
    Some((format!("{}{time}", when.date), used))
}

#[test]
fn days_are_read_in_both_languages() {
    for (line, expected) in [
        ("今天", "2026-11-05"),
        ("today", "2026-11-05"),
        ("明天", "2026-11-06"),
        ("Tomorrow", "2026-11-06"),
        ("后天", "2026-11-07"),
        ("大后天", "2026-11-08"),
        ("周五", "2026-11-06"),
        ("fri", "2026-11-06"),
        ("Friday,", "2026-11-06"),
        ("星期一", "2026-11-09"),
        ("礼拜天", "2026-11-08"),
        // A bare weekday is the next one, never today.
        ("周四", "2026-11-12"),
        ("thu", "2026-11-12"),
        ("下周一", "2026-11-09"),
        ("下周五", "2026-11-13"),
        ("下周日", "2026-11-15"),
        ("本周五", "2026-11-06"),
        ("月底", "2026-11-30"),
        ("下月底", "2026-12-31"),
        ("2026-11-10", "2026-11-10"),
        ("2026/11/10", "2026-11-10"),
        ("11-10", "2026-11-10"),
        ("11/10", "2026-11-10"),
        ("11月10日", "2026-11-10"),
        ("2027年1月2日", "2027-01-02"),
        ("10号", "2026-11-10"),
        // What has passed this year or month is the next one.
        ("11-04", "2027-11-04"),
        ("3号", "2026-12-03"),
        ("02-29", "2028-02-29"),
    ] {
        assert_eq!(read(line), Some((expected.to_owned(), 1)), "{line}");
    }
}

#[test]
fn times_stand_behind_days_or_alone() {
    for (line, expected, used) in [
        ("11-10 18:00", "2026-11-10 18:00", 2),
        ("11-10 18：00 写报告", "2026-11-10 18:00", 2),
        ("明天10:00", "2026-11-06 10:00", 1),
        ("明天下午3点", "2026-11-06 15:00", 1),
        ("明天 下午3点半", "2026-11-06 15:30", 2),
        ("周五18点", "2026-11-06 18:00", 1),
        ("2026-11-10T18:00", "2026-11-10 18:00", 1),
        ("next mon", "2026-11-09", 2),
        ("next mon at 10:00", "2026-11-09 10:00", 4),
        ("next 周五", "2026-11-13", 2),
        ("tomorrow 8pm", "2026-11-06 20:00", 2),
        ("tomorrow 12am", "2026-11-06 00:00", 2),
        ("上午9:30", "2026-11-06 09:30", 1),
        ("18:00", "2026-11-05 18:00", 1),
        // Such a time has passed today.
        ("09:30", "2026-11-06 09:30", 1),
        ("中午", "2026-11-05 12:00", 1),
        ("on fri", "2026-11-06", 2),
        ("明天 at work", "2026-11-06", 1),
        ("周五 周六", "2026-11-06", 1),
        ("周五 开会", "2026-11-06", 1),
    ] {
        assert_eq!(read(line), Some((expected.to_owned(), used)), "{line}");
    }
}

#[test]
fn what_is_no_moment_is_none() {
    for line in [
        "",
        "写周报",
        "13-01",
        "2026-02-30",
        "25:00",
        "10:60",
        "next",
        "next week",
        "下周",
        "5",
        "1-2-3-4",
        "0号",
        "11-",
        "周",
        "周八",
        "99999-01-01",
        "+1-+2",
        "-5",
        "T18:00",
        "明天25点",
        "at",
        "1e3",
    ] {
        assert_eq!(read(line), None, "{line}");
    }
    // Long garbage is read once, not for ever.
    assert_eq!(read(&"明".repeat(10_000)), None);
}

#[test]
fn durations_are_read_in_both_languages() {
    let minute = 60_000;
    for (text, minutes) in [
        ("30m", 30),
        ("1h", 60),
        ("1h30m", 90),
        ("1h 30 min", 90),
        ("2d", 2 * 24 * 60),
        ("90分钟", 90),
        ("1小时30分", 90),
        ("1个小时", 60),
        ("半小时", 30),
        ("2天", 2 * 24 * 60),
        ("1周", 7 * 24 * 60),
        ("1 week", 7 * 24 * 60),
    ] {
        assert_eq!(duration_ms(text), Some(minutes * minute), "{text}");
    }
    for text in ["", "0m", "h", "30", "m30", "1x", "-1h", "99999999999999999999h", "9999w", "1h x"] {
        assert_eq!(duration_ms(text), None, "{text}");
    }
    assert!(duration_ms("104w").unwrap() <= DURATION_MS_MAX);
}
