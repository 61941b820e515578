//! Exits: what is proven of everything one computes, and what is refused by its part.

use chainstack_analysis::prove_exit;
use chainstack_client::manifest::from_toml;

use crate::world::read;

/// Proves the exit that these lines declare for a lot.
fn check(exit: &str) -> String {
    let text = format!(
        "{}\n[events.Left]\nid = 1\nfields = {{ amount = \"u64\" }}\n\n[exits.leave]\nid = 1\nitem = \"lots\"\n{exit}\n",
        read("golden/world.toml")
    );
    let manifest = from_toml(&text).unwrap_or_else(|error| panic!("{error}: {exit}"));
    match prove_exit(&manifest, manifest.exit(1).expect("declared")) {
        Ok(()) => "proven".to_owned(),
        Err(problem) => problem.to_string(),
    }
}

#[test]
fn exits_are_proven_with_what_state_window_and_guard_say() {
    let release = |amount: &str| {
        format!("effects = [{{ release = \"deposits\", amount = \"{amount}\", to = \"item.seller\" }}]")
    };
    let proven = [
        // All that is held, without arithmetic.
        "effects = [{ release = \"deposits\", to = \"item.seller\" }]".to_owned(),
        release("mul_div(item.price, param.rate, 10_000)"),
        release("item.price - mul_div(item.price, param.rate, 10_000)"),
        format!("guard = \"item.price >= item.floor\"\n{}", release("item.price - item.floor")),
        format!("window = {{ clock = \"time\", opens = \"item.ends\" }}\n{}", release("time - item.ends")),
        format!("from = {{ lot = [\"Open\"] }}\nguard = \"in(lot, Open)\"\n{}", release("item.price")),
        "guard = \"item.price <= 1_000\"\neffects = [{ set = \"price\", value = \"item.price + 1\" }]\n\
         event = { Left = [\"item.price\"] }"
            .to_owned(),
    ];
    for exit in &proven {
        assert_eq!(check(exit), "proven", "{exit}");
    }
    let refused = [
        (
            release("item.price - item.floor"),
            "effects[0] may fail: node 2, `-` of 0..=340282366920938463463374607431768211455, \
             0..=18446744073709551615: the result does not fit",
        ),
        (
            format!("guard = \"item.price / item.floor > 2\"\n{}", release("item.price")),
            "guard may fail: node 2, `/` of 0..=340282366920938463463374607431768211455, \
             0..=18446744073709551615: the divisor is zero",
        ),
        (
            "window = { clock = \"height\", opens = \"item.price + 1\" }\neffects = []".to_owned(),
            "window.opens may fail: node 2, `+` of 0..=340282366920938463463374607431768211455, 1: the result \
             does not fit",
        ),
        (
            "window = { clock = \"height\", closes = \"0\" }\neffects = []".to_owned(),
            "window.closes never lets the exit be taken",
        ),
        (
            "from = { lot = [\"Open\"] }\nguard = \"in(lot, Sold)\"\neffects = []".to_owned(),
            "guard never lets the exit be taken",
        ),
        (
            "effects = []\nevent = { Left = [\"item.price\"] }".to_owned(),
            "event.fields[0] can be 0..=340282366920938463463374607431768211455, and its field holds \
             0..=18446744073709551615",
        ),
    ];
    for (exit, expected) in &refused {
        assert_eq!(check(exit), *expected, "{exit}");
    }
}
