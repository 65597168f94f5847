//! Days and times as people write them, in Chinese and English.
//!
//! Words are read from the front of a line that goes on behind them, so a reader says how many it used. A bare weekday is
//! the next one; a day without a year is the next such day, a time without a day the next such time.

use jiff::{
    ToSpan as _,
    civil::{Date, DateTime, Time, Weekday},
};

use crate::limits::WORDS_OF_MOMENT_MAX;

/// A day that somebody named, and a time if they named one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The day.
    pub date: Date,
    /// The time on it.
    pub time: Option<Time>,
}

impl When {
    /// The moment, with a time for those who named none.
    #[must_use]
    pub fn at(&self, otherwise: Time) -> DateTime {
        self.date.to_datetime(self.time.unwrap_or(otherwise))
    }
}

/// What one word says.
enum Word {
    Day(Date),
    Time(Time),
    Both(Date, Time),
    /// `下周` and `next`: the weekday that follows is of the next week.
    NextWeek,
    /// `at`, `on`: says nothing by itself.
    Nothing,
}

/// Reads a day, a time, or both from the front of `words`; gives it and how many words it is made of. `now` is local.
#[must_use]
pub fn read_when(words: &[&str], now: DateTime) -> Option<(When, usize)> {
    let (mut date, mut time, mut used) = (None, None, 0);
    let mut place = 0;
    while place < words.len().min(WORDS_OF_MOMENT_MAX) {
        let word = words.get(place).copied().unwrap_or_default();
        let Some(read) = word_of(word, now) else { break };
        match read {
            Word::Day(day) if date.is_none() => date = Some(day),
            Word::Time(at) if time.is_none() => time = Some(at),
            Word::Both(day, at) if date.is_none() && time.is_none() => (date, time) = (Some(day), Some(at)),
            Word::NextWeek if date.is_none() => {
                let day = words.get(place + 1).and_then(|word| weekday(&word.to_lowercase()));
                let Some(day) = day else { break };
                date = Some(of_next_week(now.date(), day));
                place += 1;
            }
            Word::Nothing => {}
            Word::Day(_) | Word::Time(_) | Word::Both(..) | Word::NextWeek => break,
        }
        place += 1;
        if !matches!(read, Word::Nothing) {
            used = place;
        }
    }
    let date = match (date, time) {
        (Some(date), _) => date,
        // A time alone is the next such time.
        (None, Some(time)) if time > now.time() => now.date(),
        (None, Some(_)) => now.date().tomorrow().ok()?,
        (None, None) => return None,
    };
    Some((When { date, time }, used))
}

fn word_of(word: &str, now: DateTime) -> Option<Word> {
    let word = word.trim_end_matches([',', '，', '。', ';', '；']).to_lowercase();
    match word.as_str() {
        "next" | "下周" | "下星期" => return Some(Word::NextWeek),
        "at" | "on" | "by" => return Some(Word::Nothing),
        _ => {}
    }
    if let Some(time) = time_of(&word) {
        return Some(Word::Time(time));
    }
    if let Some(day) = day_of(&word, now.date()) {
        return Some(Word::Day(day));
    }
    // 明天10:00, 2026-11-10T18:00: a day with its time behind it. The longest day first.
    let places: Vec<usize> = word.char_indices().map(|(place, _)| place).skip(1).collect();
    places.into_iter().rev().find_map(|place| {
        let (day, time) = word.split_at_checked(place)?;
        let day = day_of(day.strip_suffix('t').unwrap_or(day), now.date())?;
        Some(Word::Both(day, time_of(time)?))
    })
}

fn day_of(word: &str, today: Date) -> Option<Date> {
    let after = |days: i64| Some(today.saturating_add(days.days()));
    match word {
        "今天" | "今日" | "today" => return after(0),
        "明天" | "明日" | "tomorrow" | "tmr" => return after(1),
        "后天" => return after(2),
        "大后天" => return after(3),
        "月底" | "eom" => return Some(today.last_of_month()),
        "下月底" | "下个月底" => {
            return Some(today.first_of_month().saturating_add(1.month()).last_of_month());
        }
        "周末" => return Some(next_weekday(today, Weekday::Saturday)),
        _ => {}
    }
    for prefix in ["下周", "下星期", "下礼拜", "next"] {
        if let Some(day) = word.strip_prefix(prefix).and_then(weekday_sign) {
            return Some(of_next_week(today, day));
        }
    }
    for prefix in ["本周", "这周"] {
        if let Some(day) = word.strip_prefix(prefix).and_then(weekday_sign) {
            return Some(of_this_week(today, day));
        }
    }
    if let Some(day) = weekday(word) {
        return Some(next_weekday(today, day));
    }
    written_day(word, today)
}

/// `2026-11-10`, `2026/11/10`, `11-10`, `11/10`, `11月10日`, `2026年11月10日`, `10号`.
fn written_day(word: &str, today: Date) -> Option<Date> {
    if let Some(day) = word.strip_suffix(['号', '日']).and_then(|day| day.parse::<i8>().ok()) {
        let this_month = Date::new(today.year(), today.month(), day).ok().filter(|date| *date >= today);
        let next = today.first_of_month().saturating_add(1.month());
        return this_month.or_else(|| Date::new(next.year(), next.month(), day).ok());
    }
    let plain = word.strip_suffix(['日', '号']).unwrap_or(word);
    let parts: Vec<&str> = plain.split(['-', '/', '年', '月']).collect();
    let number = |text: &&str| text.parse::<i16>().ok().filter(|_| text.chars().all(|c| c.is_ascii_digit()));
    let numbers: Vec<i16> = parts.iter().map(number).collect::<Option<_>>()?;
    let small = |number: i16| i8::try_from(number).ok();
    match numbers.as_slice() {
        [year, month, day] if *year >= 1970 => Date::new(*year, small(*month)?, small(*day)?).ok(),
        [month, day] => {
            let of = |year: i16| Date::new(year, small(*month)?, small(*day)?).ok();
            // 29 February of a year that has none is of the next that has one.
            (0..=8).filter_map(|years| of(today.year().checked_add(years)?)).find(|date| *date >= today)
        }
        _ => None,
    }
}

/// `18:00`, `18：00`, `8pm`, `8:30am`, `18点`, `18点30分`, `18点半`, `下午3点`, `上午9:30`, `晚上8点`, `中午`.
fn time_of(word: &str) -> Option<Time> {
    let (is_afternoon, rest) = match word {
        "中午" | "noon" => return Time::new(12, 0, 0, 0).ok(),
        _ => {
            let marks: [(&str, Option<bool>); 6] = [
                ("上午", Some(false)),
                ("早上", Some(false)),
                ("下午", Some(true)),
                ("晚上", Some(true)),
                ("中午", Some(true)),
                ("凌晨", Some(false)),
            ];
            let marked = marks.iter().find_map(|(mark, half)| Some((*half, word.strip_prefix(mark)?)));
            let english = || {
                let pm = word.strip_suffix("pm").map(|rest| (Some(true), rest));
                pm.or_else(|| word.strip_suffix("am").map(|rest| (Some(false), rest)))
            };
            marked.or_else(english).unwrap_or((None, word))
        }
    };
    let (hour, minute) = hour_and_minute(rest.trim(), is_afternoon.is_some())?;
    let hour = match is_afternoon {
        Some(true) if hour < 12 => hour + 12,
        Some(false) if hour == 12 => 0,
        Some(_) | None => hour,
    };
    Time::new(hour, minute, 0, 0).ok()
}

fn hour_and_minute(text: &str, is_marked: bool) -> Option<(i8, i8)> {
    let number = |text: &str| {
        let is_short = (1..=2).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit());
        is_short.then(|| text.parse::<i8>().ok()).flatten()
    };
    if let Some((hour, minute)) = text.split_once([':', '：']) {
        return (minute.len() == 2).then(|| Some((number(hour)?, number(minute)?))).flatten();
    }
    if let Some((hour, minute)) = text.split_once(['点', '时']) {
        let minute = match minute {
            "" | "整" => 0,
            "半" => 30,
            "一刻" => 15,
            minute => number(minute.strip_suffix('分').unwrap_or(minute))?,
        };
        return Some((number(hour)?, minute));
    }
    // A bare number is a time behind 下午 or before pm only.
    if is_marked { Some((number(text)?, 0)) } else { None }
}

/// `周五`, `星期五`, `礼拜五`, `fri`, `friday`.
fn weekday(word: &str) -> Option<Weekday> {
    let chinese = ["周", "星期", "礼拜"].into_iter().find_map(|prefix| word.strip_prefix(prefix));
    chinese.map_or_else(|| english_weekday(word), chinese_weekday)
}

/// What stands behind `下周` or `next`.
fn weekday_sign(word: &str) -> Option<Weekday> {
    chinese_weekday(word).or_else(|| english_weekday(word))
}

fn chinese_weekday(sign: &str) -> Option<Weekday> {
    Some(match sign {
        "一" => Weekday::Monday,
        "二" => Weekday::Tuesday,
        "三" => Weekday::Wednesday,
        "四" => Weekday::Thursday,
        "五" => Weekday::Friday,
        "六" => Weekday::Saturday,
        "日" | "天" => Weekday::Sunday,
        _ => return None,
    })
}

fn english_weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "mon" | "monday" => Weekday::Monday,
        "tue" | "tues" | "tuesday" => Weekday::Tuesday,
        "wed" | "wednesday" => Weekday::Wednesday,
        "thu" | "thur" | "thurs" | "thursday" => Weekday::Thursday,
        "fri" | "friday" => Weekday::Friday,
        "sat" | "saturday" => Weekday::Saturday,
        "sun" | "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// The next day of this weekday, never today.
fn next_weekday(today: Date, day: Weekday) -> Date {
    let days = i64::from(day.to_monday_zero_offset()) - i64::from(today.weekday().to_monday_zero_offset());
    today.saturating_add((if days <= 0 { days + 7 } else { days }).days())
}

/// This weekday of the week that begins next Monday.
fn of_next_week(today: Date, day: Weekday) -> Date {
    of_this_week(today, day).saturating_add(7.days())
}

fn of_this_week(today: Date, day: Weekday) -> Date {
    let days = i64::from(day.to_monday_zero_offset()) - i64::from(today.weekday().to_monday_zero_offset());
    today.saturating_add(days.days())
}
