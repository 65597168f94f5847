//! Pages: opaque tokens that name the place of the next item.

use super::Call;
use crate::refusal::Refusal;

/// People or departments of one page where nothing is said, and at most.
const CONTACTS_DEFAULT: usize = 10;
const CONTACTS_MAX: usize = 50;

/// The items of the page that a call asks for, and the token of the next page.
pub(crate) fn page<T>(
    call: &Call,
    items: Vec<T>,
    default: usize,
    most: usize,
    wrong: i64,
) -> Result<(Vec<T>, Option<String>), Refusal> {
    let size = match call.query("page_size") {
        "" => default,
        text => text.parse().ok().filter(|size| (1..=most).contains(size)).ok_or(Refusal::code(wrong))?,
    };
    cut(call, items, size, wrong)
}

/// The same for contacts, which have a code of their own for sizes.
pub(crate) fn contacts<T>(call: &Call, items: Vec<T>) -> Result<(Vec<T>, Option<String>), Refusal> {
    let size = match call.query("page_size") {
        "" => CONTACTS_DEFAULT,
        text => {
            let size = text.parse().ok().filter(|size| (1..=CONTACTS_MAX).contains(size));
            size.ok_or(Refusal::code(40_011))?
        }
    };
    cut(call, items, size, 40_012)
}

/// The same with a size that is already known.
pub(crate) fn cut<T>(
    call: &Call,
    items: Vec<T>,
    size: usize,
    wrong: i64,
) -> Result<(Vec<T>, Option<String>), Refusal> {
    let start = match call.query("page_token") {
        "" => 0,
        token => {
            let digits = token.strip_prefix("p0").ok_or(Refusal::code(wrong))?;
            usize::from_str_radix(digits, 36).map_err(|_| Refusal::code(wrong))?
        }
    };
    let next = start.saturating_add(size);
    let token = (next < items.len()).then(|| format!("p0{}", base_36(next)));
    Ok((items.into_iter().skip(start).take(size).collect(), token))
}

fn base_36(mut number: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut digits = Vec::new();
    loop {
        digits.push(char::from(DIGITS[number % 36]));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(query: &str) -> Call {
        Call { query: simulator_stage::query::pairs(query), ..Call::default() }
    }

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let (first, token) = page(&call("page_size=2"), (0..5).collect(), 20, 50, 1).unwrap();
        assert_eq!(first, [0, 1]);
        let query = format!("page_size=3&page_token={}", token.unwrap());
        let (second, token) = page(&call(&query), (0..5).collect::<Vec<_>>(), 20, 50, 1).unwrap();
        assert_eq!((second, token), (vec![2, 3, 4], None));
    }

    #[test]
    fn a_page_that_is_too_large_and_a_foreign_token_are_refused() {
        assert_eq!(page(&call("page_size=51"), vec![0], 20, 50, 230_001).unwrap_err().code, 230_001);
        assert_eq!(contacts(&call("page_size=51"), vec![0]).unwrap_err().code, 40_011);
        assert_eq!(contacts(&call("page_token=x"), vec![0]).unwrap_err().code, 40_012);
    }
}
