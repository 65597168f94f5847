//! `每天`, `每周一、周三`, `每两周的周二`, `每 3 个月` without its gaps, `每月15日`, `每月第一个周一`.

use super::{Unit, WORKING, month_days};

/// What parts days from each other.
const COMMAS: [char; 6] = ['、', '，', ',', '和', '及', '与'];

/// The rule that a word says.
pub(super) fn rule(word: &str) -> Option<String> {
    match word {
        "每工作日" | "每个工作日" | "工作日" => {
            return Some(Unit::Week.rule(1, Some(&working())));
        }
        "隔周" | "双周" => return Some(Unit::Week.rule(2, None)),
        "隔天" | "隔日" => return Some(Unit::Day.rule(2, None)),
        _ => {}
    }
    let (interval, rest) = interval(word.strip_prefix('每')?);
    let (unit, rest) = unit(rest.strip_prefix('个').unwrap_or(rest))?;
    let days = rest.strip_prefix('的').unwrap_or(rest);
    if rest.is_empty() {
        return Some(unit.rule(interval, None));
    }
    let by = match unit {
        Unit::Week => format!("BYDAY={}", weekdays(days)?.join(",")),
        Unit::Month => of_month(days)?,
        Unit::Day | Unit::Year => return None,
    };
    Some(unit.rule(interval, Some(&by)))
}

fn working() -> String {
    format!("BYDAY={WORKING}")
}

/// How many of its units lie between two times; one where no number stands there.
fn interval(text: &str) -> (u32, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    if let Some(number) = number.parse().ok().filter(|_| digits <= 3) {
        return (number, rest);
    }
    let sign = text.chars().next().and_then(|sign| Some((small(sign)?, sign.len_utf8())));
    match sign {
        Some((number, length)) => (u32::from(number.unsigned_abs()), &text[length..]),
        None => (1, text),
    }
}

/// One to ten.
fn small(sign: char) -> Option<i8> {
    let signs = ['一', '二', '三', '四', '五', '六', '七', '八', '九', '十'];
    let sign = if sign == '两' { '二' } else { sign };
    let place = signs.into_iter().position(|known| known == sign)?;
    i8::try_from(place + 1).ok()
}

fn unit(text: &str) -> Option<(Unit, &str)> {
    let units = [
        ("天", Unit::Day),
        ("日", Unit::Day),
        ("周", Unit::Week),
        ("星期", Unit::Week),
        ("礼拜", Unit::Week),
        ("月", Unit::Month),
        ("年", Unit::Year),
    ];
    units.into_iter().find_map(|(name, unit)| Some((unit, text.strip_prefix(name)?)))
}

/// `一三`, `周一、周三`: days of the week, each once.
fn weekdays(text: &str) -> Option<Vec<&'static str>> {
    let plain = text.replace("星期", "").replace("礼拜", "");
    let mut days = Vec::new();
    for sign in plain.chars().filter(|sign| *sign != '周' && !COMMAS.contains(sign)) {
        let day = weekday(sign)?;
        if !days.contains(&day) {
            days.push(day);
        }
    }
    (!days.is_empty()).then_some(days)
}

fn weekday(sign: char) -> Option<&'static str> {
    Some(match sign {
        '一' => "MO",
        '二' => "TU",
        '三' => "WE",
        '四' => "TH",
        '五' => "FR",
        '六' => "SA",
        '日' | '天' => "SU",
        _ => return None,
    })
}

/// `15日`, `1日、15日`, `最后一天`, `第一个周一`, `最后一个工作日`.
fn of_month(text: &str) -> Option<String> {
    match text {
        "最后一天" => return Some(month_days(&[-1])),
        "第一天" => return Some(month_days(&[1])),
        _ => {}
    }
    if let Some((place, day)) = placed(text) {
        return match day {
            "工作日" => Some(format!("{};BYSETPOS={place}", working())),
            _ => match weekdays(day)?.as_slice() {
                [day] => Some(format!("BYDAY={place}{day}")),
                _ => None,
            },
        };
    }
    let mut days = Vec::new();
    for day in text.split(COMMAS) {
        let number = day.strip_suffix(['日', '号'])?;
        let day: i8 = number.parse().ok().filter(|day| (1..=31).contains(day))?;
        if !days.contains(&day) {
            days.push(day);
        }
    }
    Some(month_days(&days))
}

/// Which one of a day in the month, and the day.
fn placed(text: &str) -> Option<(i8, &str)> {
    if let Some(day) = text.strip_prefix("最后一个") {
        return Some((-1, day));
    }
    let (place, day) = text.strip_prefix('第')?.split_once('个')?;
    let mut signs = place.chars();
    let place = match (signs.next(), signs.next()) {
        (Some(sign), None) => small(sign).or_else(|| i8::try_from(sign.to_digit(10)?).ok())?,
        _ => return None,
    };
    (1..=5).contains(&place).then_some((place, day))
}
