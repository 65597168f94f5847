//! Standing orders: somebody acts for somebody else, for a time.

use cases::Refusal;
use jiff::civil::{Date, DateTime, Time};
use kit::Heard;
use people::{Person, PersonId};
use store::{Batch, Scan};
use workdays::to_ms;

use super::{Approvals, arguments::people_of};
use crate::{
    OfficeError,
    desk::Delegation,
    limits::DELEGATIONS_MAX,
    tables::DELEGATION,
    template::{Field, FieldKind, Reader, Value, Words, parse_value},
};

/// An order as it was typed, or why it is none.
type Typed = Result<Delegation, Refusal>;

impl Approvals {
    /// `@somebody from to [templates…]`: somebody acts for the asker; `off` ends what was ordered.
    pub(crate) async fn delegate(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let chart = self.house().await?.chart();
        let Some(me) = chart.by_account(&heard.sender) else {
            return self.refuse(heard, &Refusal::new("E108").with("platform", "matrix"), batch).await;
        };
        let mine = self.kit().store().scan(&DELEGATION, Scan::prefix(&me.id.0)).await?;
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        if matches!(arguments.to_lowercase().as_str(), "off" | "取消" | "结束") {
            for (key, _) in &mine {
                batch.delete(&DELEGATION, key);
            }
            self.answer(batch, heard, &pen.say("told.undelegated", &[]));
            return Ok(());
        }
        // What is over makes room.
        let mut in_force = 0;
        for (key, order) in &mine {
            if order.until_ms <= heard.received_ms {
                batch.delete(&DELEGATION, key);
            } else {
                in_force += 1;
            }
        }
        let order = match self.order(me, arguments, heard.received_ms).await? {
            Ok(order) if in_force < DELEGATIONS_MAX => order,
            Ok(_) => {
                let refusal = wrong("form.delegation", "form.delegations", "!委托 取消");
                return self.refuse(heard, &refusal.with("example_en", "!delegate off"), batch).await;
            }
            Err(refusal) => return self.refuse(heard, &refusal, batch).await,
        };
        let last = mine.last().map_or(0, |((_, place), _)| place + 1);
        let place = last.max(heard.received_ms);
        batch.expect_absent(&DELEGATION, &(me.id.0.clone(), place));
        batch.put(&DELEGATION, &(me.id.0.clone(), place), &order);
        let who = chart.person(&order.to).map_or(order.to.0.as_str(), |person| &person.name);
        let zone = self.house().await?.zone_of(Some(me));
        let day = |at_ms: u64| workdays::local(at_ms, &zone).date().to_string();
        let (from, to) = (day(order.since_ms), day(order.until_ms.saturating_sub(1)));
        self.answer(batch, heard, &pen.say("told.delegated", &[("who", who), ("from", &from), ("to", &to)]));
        Ok(())
    }

    async fn order(&self, me: &Person, arguments: &str, now_ms: u64) -> Result<Typed, OfficeError> {
        let house = self.house().await?;
        let (chart, calendar) = (house.chart(), house.workdays.calendar());
        let zone = house.zone_of(Some(me));
        let (mut people, rest) = match people_of(arguments, &chart, 1) {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let to: PersonId = people.remove(0);
        if to == me.id {
            return Ok(Err(Refusal::new("E115")));
        }
        let is_between = |word: &str| matches!(word.to_lowercase().as_str(), "至" | "到" | "~" | "to");
        let mut words = rest.split_whitespace().filter(|word| !is_between(word));
        let dates = [words.next(), words.next()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let today = workdays::local(now_ms, &zone).date();
        let reader = Reader { today, chart: &chart, calendar: &calendar };
        let no_dates = || wrong("form.dates", "form.date", &format!("{today} {today}"));
        let (from, until) = match parse_value(&dates_field(), &dates, reader) {
            Ok(Value::Range { from, to, .. }) => (from, to),
            Ok(_) => return Ok(Err(no_dates())),
            Err(error) => return Ok(Err(wrong("form.dates", error.problem, &error.example))),
        };
        let midnight = |day: &str, ahead: i64| -> Option<u64> {
            let day: Date = day.parse().ok()?;
            let day = day.checked_add(jiff::Span::new().days(ahead)).ok()?;
            Some(to_ms(DateTime::from_parts(day, Time::midnight()), &zone))
        };
        let (Some(since_ms), Some(until_ms)) = (midnight(&from, 0), midnight(&until, 1)) else {
            return Ok(Err(no_dates()));
        };
        let mut templates = Vec::new();
        for word in words {
            match house.called(word).await? {
                Some(template) => templates.push(template.id.clone()),
                None => return Ok(Err(Refusal::new("E107").with("no", word))),
            }
        }
        Ok(Ok(Delegation { from: me.id.clone(), to, templates, since_ms, until_ms }))
    }
}

fn wrong(field: &str, problem: &str, example: &str) -> Refusal {
    Refusal::new("E110").with("field", field).with("problem", problem).with("example", example)
}

/// Dates are read as those of a form are.
fn dates_field() -> Field {
    Field {
        id: "dates".to_owned(),
        kind: FieldKind::DateRange,
        columns: Vec::new(),
        formula: None,
        label: Words::default(),
        required: true,
        options: Vec::new(),
        currency: None,
        min: None,
        max: None,
        sensitive: false,
        allow_past: false,
        chooses: None,
    }
}
