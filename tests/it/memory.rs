//! What a running node holds.

use std::fs;

use chainstack_tests::node::TestNode;

/// Address space of one of glibc's arenas beside the first, which grows where the program's data ends.
const ARENA_SIZE: u64 = 64 << 20;

/// Threads that compute answers: the node's `WORKERS_MAX`.
const WORKERS: usize = 8;

/// Arenas beside the first, among the mappings of a process: each is a used part and a reserved part, together of
/// the arena's size and aligned to it.
fn further_arenas(maps: &str) -> usize {
    let mapping = |line: &str| {
        let mut words = line.split(' ');
        let (from, until) = words.next().and_then(|range| range.split_once('-')).expect("a range");
        let number = |text: &str| u64::from_str_radix(text, 16).expect("an address");
        (number(from), number(until), words.next().expect("permissions").to_owned())
    };
    let mappings: Vec<_> = maps.lines().map(mapping).collect();
    let arenas = mappings.windows(2).filter(|pair| {
        let ((from, used, access), (reserved, until, no_access)) = (&pair[0], &pair[1]);
        let whole = used == reserved && from.is_multiple_of(ARENA_SIZE) && until - from == ARENA_SIZE;
        whole && access == "rw-p" && no_access == "---p"
    });
    arenas.count()
}

#[test]
fn arenas_are_counted() {
    let maps = "55d000000000-55d000021000 rw-p 00000000 00:00 0 [heap]\n\
                7f8010000000-7f8010021000 rw-p 00000000 00:00 0\n\
                7f8010021000-7f8014000000 ---p 00000000 00:00 0\n\
                7f8014000000-7f8014121000 rw-p 00000000 00:00 0\n\
                7f8014121000-7f8018000000 ---p 00000000 00:00 0\n\
                7f8018200000-7f8018300000 rw-p 00000000 00:00 0\n";
    assert_eq!(further_arenas(maps), 2);
}

/// Memory that one thread frees has to be there for the next: with an arena each, threads hold what the largest
/// request of each ever took.
#[test]
fn the_threads_of_a_node_share_one_arena() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| node.rpc("chain_params", &[]));
        }
    });
    let maps = fs::read_to_string(format!("/proc/{}/maps", node.process())).expect("our own child");
    assert_eq!(further_arenas(&maps), 0, "{maps}");
}

/// A worker has memory of its own. If it started only when requests happen to meet, a node would grow each time they
/// do.
#[test]
fn all_workers_are_there_before_the_first_request() {
    let node = TestNode::temporary(&[]);
    let tasks = format!("/proc/{}/task", node.process());
    let workers = || {
        let names = fs::read_dir(&tasks).expect("our own child").flatten();
        let names = names.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
        names.filter(|name| name.trim() == "rpc").count()
    };
    // As many again as the machine runs at once wait for the network.
    let expected = WORKERS + std::thread::available_parallelism().map_or(1, usize::from);
    node.wait_for("the workers", |_| (workers() == expected).then_some(()));
    std::thread::scope(|scope| {
        for _ in 0..4 * WORKERS {
            scope.spawn(|| node.rpc("chain_params", &[]));
        }
    });
    assert_eq!(workers(), expected);
}
