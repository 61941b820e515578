//! Tests at the manifest's door.

mod codec;
mod limits;
mod rules;
mod sample;
mod values;

/// A small deterministic generator; tests print their seed.
pub(super) struct Random(u64);

impl Random {
    #[expect(clippy::print_stdout, reason = "a failing test shows its seed")]
    pub(super) fn new(seed: u64) -> Self {
        println!("seed {seed:#x}");
        Self(seed)
    }

    /// SplitMix64.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// `full` in a campaign, about 2 % of it otherwise.
pub(super) fn rounds(full: usize) -> usize {
    if std::env::var("CHAINSTACK_CAMPAIGN").is_ok_and(|value| value == "1") { full } else { full / 50 }
}
