//! The permutation Keccak-f\[1600\], written once over any vector type.
//!
//! The macro expects four functions in scope where it is used, each over the vector type: `xor(a, b)`,
//! `xor5(a, b, c, d, e)`, `chi(a, b, c)` = a ⊕ (¬b ∧ c), `rotate::<LEFT, RIGHT>(a)` with `LEFT + RIGHT = 64`, and
//! `broadcast(u64)`. Words are numbered x + 5y, as in FIPS 202 §3.1.2.

/// The round constants of step ι (FIPS 202 §3.2.5).
pub(crate) const ROUND_CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808A,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808B,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008A,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000A,
    0x0000_0000_8000_808B,
    0x8000_0000_0000_008B,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800A,
    0x8000_0000_8000_000A,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// One row of steps θ, ρ, π and χ: the five words `$to..$to + 5` of the next state from the five words `$s` of the
/// present one, which π brings into this row, each with its left and right rotation.
macro_rules! row {
    ($a:ident, $d:ident, $next:ident, $to:expr,
     $s0:expr, $l0:expr; $s1:expr, $l1:expr; $s2:expr, $l2:expr; $s3:expr, $l3:expr; $s4:expr, $l4:expr) => {
        let b0 = rotate::<{ $l0 }, { 64 - $l0 }>(xor($a[$s0], $d[$s0 % 5]));
        let b1 = rotate::<{ $l1 }, { 64 - $l1 }>(xor($a[$s1], $d[$s1 % 5]));
        let b2 = rotate::<{ $l2 }, { 64 - $l2 }>(xor($a[$s2], $d[$s2 % 5]));
        let b3 = rotate::<{ $l3 }, { 64 - $l3 }>(xor($a[$s3], $d[$s3 % 5]));
        let b4 = rotate::<{ $l4 }, { 64 - $l4 }>(xor($a[$s4], $d[$s4 % 5]));
        $next[$to] = chi(b0, b1, b2);
        $next[$to + 1] = chi(b1, b2, b3);
        $next[$to + 2] = chi(b2, b3, b4);
        $next[$to + 3] = chi(b3, b4, b0);
        $next[$to + 4] = chi(b4, b0, b1);
    };
}

/// Applies the 24 rounds to `$state`, a local array of 25 vectors, and yields the permuted array.
macro_rules! permutation {
    ($state:ident) => {{
        let mut a = $state;
        for constant in $crate::rounds::ROUND_CONSTANTS {
            let c = [
                xor5(a[0], a[5], a[10], a[15], a[20]),
                xor5(a[1], a[6], a[11], a[16], a[21]),
                xor5(a[2], a[7], a[12], a[17], a[22]),
                xor5(a[3], a[8], a[13], a[18], a[23]),
                xor5(a[4], a[9], a[14], a[19], a[24]),
            ];
            let d = [
                xor(c[4], rotate::<1, 63>(c[1])),
                xor(c[0], rotate::<1, 63>(c[2])),
                xor(c[1], rotate::<1, 63>(c[3])),
                xor(c[2], rotate::<1, 63>(c[4])),
                xor(c[3], rotate::<1, 63>(c[0])),
            ];
            let mut next = a;
            $crate::rounds::row!(a, d, next, 0, 0, 0; 6, 44; 12, 43; 18, 21; 24, 14);
            $crate::rounds::row!(a, d, next, 5, 3, 28; 9, 20; 10, 3; 16, 45; 22, 61);
            $crate::rounds::row!(a, d, next, 10, 1, 1; 7, 6; 13, 25; 19, 8; 20, 18);
            $crate::rounds::row!(a, d, next, 15, 4, 27; 5, 36; 11, 10; 17, 15; 23, 56);
            $crate::rounds::row!(a, d, next, 20, 2, 62; 8, 55; 14, 39; 15, 41; 21, 2);
            next[0] = xor(next[0], broadcast(constant));
            a = next;
        }
        a
    }};
}

pub(crate) use {permutation, row};
