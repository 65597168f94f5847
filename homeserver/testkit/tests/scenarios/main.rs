//! What the server promises, told from outside: one module per area, one sentence per test.

mod first_day;
