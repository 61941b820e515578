//! `events --follow`: what was, then what comes, as it comes.

use std::thread;

use chainstack_tests::node::TestNode;

#[test]
fn followed_events_come_as_they_happen_and_end_at_the_height_asked_for() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let following = node.cli_running(&["events", "gold", "--follow"]);
    let mint = following.line();
    assert!(mint.contains("Transfer"), "what was comes first: {mint}");
    let move_some = |amount: &str| {
        let amount = format!("amount={amount}");
        let call = ["call", "gold", "transfer", "to=//Bob", &amount, "--from", "//Alice"];
        let _moved = node.cli(&call).exits(0);
    };
    for amount in ["251", "252"] {
        move_some(amount);
        let line = following.line();
        assert!(line.contains("Transfer") && line.contains(amount), "{amount}: {line}");
    }
    drop(following);

    // With a last height it ends by itself, and it has told everything up to there.
    let last = (node.height() + 2).to_string();
    let follow = ["events", "gold", "--follow", "--to-height", &last];
    let all = thread::scope(|scope| {
        let following = scope.spawn(|| node.cli(&follow).exits(0));
        for amount in ["253", "254", "255"] {
            move_some(amount);
        }
        following.join().expect("it ends").stdout
    });
    for (amount, told) in [("251", true), ("252", true), ("253", true), ("254", true), ("255", false)] {
        assert_eq!(all.contains(&format!("amount={amount}")), told, "{amount}: {all}");
    }
}
