//! The parameter file: every key, no other, sound numbers.

use chainstack_primitives::{Amount, Gas};
use chainstack_runtime::params::{Schedule, ScheduleError};

const BASE: &str = include_str!("../../src/params/base.toml");

fn changed(from: &str, to: &str) -> Result<Schedule, ScheduleError> {
    assert!(BASE.contains(from), "{from}");
    Schedule::parse(&BASE.replacen(from, to, 1))
}

#[test]
fn every_line_counts_and_no_other_is_let_in() {
    assert!(Schedule::parse(BASE).is_ok());
    for line in BASE.lines().filter(|line| line.contains(" = ")) {
        let without = BASE.replacen(&format!("{line}\n"), "", 1);
        let refused = Schedule::parse(&without);
        assert!(matches!(refused, Err(ScheduleError::Malformed(_))), "without {line}");
        let twice = BASE.replacen(line, &format!("{line}\nsurprise = 1"), 1);
        assert!(matches!(Schedule::parse(&twice), Err(ScheduleError::Malformed(_))), "surprise after {line}");
    }
}

#[test]
fn unsound_numbers_are_refused() {
    assert_eq!(
        changed("miners_percent = 87", "miners_percent = 88"),
        Err(ScheduleError::Shares { found: 101 })
    );
    assert_eq!(changed("gas_limit = 1_000_000_000", "gas_limit = 1"), Err(ScheduleError::GasLimit(Gas(1))));
    let low = ScheduleError::BaseFee { min: Amount(100_000_000), initial: Amount(99_999_999) };
    assert_eq!(
        changed("base_fee_initial = \"1_000_000_000\"", "base_fee_initial = \"99_999_999\""),
        Err(low)
    );
    let amounts =
        ["\"-1\"", "\"1.5\"", "\"\"", "\"0x10\"", "5", "\"340282366920938463463374607431768211456\""];
    for amount in amounts {
        let refused = changed("reward = \"0\"", &format!("reward = {amount}"));
        assert!(matches!(refused, Err(ScheduleError::Malformed(_))), "{amount}");
    }
    let greatest = changed("reward = \"0\"", "reward = \"340282366920938463463374607431768211455\"");
    assert_eq!(greatest.map(|schedule| schedule.block.reward), Ok(Amount::MAX));
    assert!(matches!(changed("per_byte = 10", "per_byte = -1"), Err(ScheduleError::Malformed(_))));
}

#[test]
fn deposits_grow_with_size_and_do_not_overflow() {
    let mut prices = Schedule::parse(BASE).expect("base file").storage;
    let (entry, byte) = (prices.deposit_per_entry.0, prices.deposit_per_byte.0);
    assert_eq!(prices.entry_deposit(0), Some(Amount(entry)));
    assert_eq!(prices.entry_deposit(100), Some(Amount(entry + 100 * byte)));
    prices.deposit_per_byte = Amount::MAX;
    assert_eq!(prices.entry_deposit(1), None);
    assert_eq!(prices.entry_deposit(2), None);
}
