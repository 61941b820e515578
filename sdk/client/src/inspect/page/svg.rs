//! Machines as SVG: states below one another, arrows beside them with the numbers of the table, exits dashed. Colours
//! are those of the page.

use std::{collections::BTreeMap, fmt::Write as _};

use super::html::escape;
use crate::inspect::{ArrowKind, MachineRow};

const WIDTH: i64 = 360;
const MIDDLE: i64 = WIDTH / 2;
const BOX_WIDTH: i64 = 132;
const BOX_HEIGHT: i64 = 34;
const LEFT: i64 = (WIDTH - BOX_WIDTH) / 2;
const RIGHT: i64 = LEFT + BOX_WIDTH;
/// From one state to the next.
const ROW: i64 = 84;
/// Where the first state begins.
const TOP: i64 = 46;
/// Greatest distance of a curve's handles from the boxes; the curve comes three quarters as far.
const FARTHEST: i64 = 126;
/// Where along a curve its number stands, in tenths, so that neighbours do not cover one another.
const PLACES: [i64; 5] = [5, 3, 7, 4, 6];

/// Arrows that are drawn as one line: the same ends and kind. Ends are rows, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    /// The row it leaves; none: creation.
    from: Option<i64>,
    /// The row it leads to; none: removal.
    to: Option<i64>,
    exit: bool,
}

/// Where a line runs and where its number stands.
struct Drawn {
    path: String,
    x: i64,
    y: i64,
}

pub(super) fn svg(machine: &MachineRow) -> String {
    let row_of =
        |state: u8| (0i64..).zip(&machine.states).find(|(_, row)| row.id == state).map(|(row, _)| row);
    let mut numbers: BTreeMap<Line, Vec<u32>> = BTreeMap::new();
    for (number, arrow) in (1u32..).zip(&machine.arrows) {
        let exit = arrow.kind == ArrowKind::Exit;
        let line = Line { from: arrow.from.and_then(row_of), to: arrow.to.and_then(row_of), exit };
        numbers.entry(line).or_default().push(number);
    }
    let initial = machine.states.iter().find(|state| state.initial).and_then(|state| row_of(state.id));
    if machine.cell.is_none() && !numbers.keys().any(|line| line.from.is_none()) {
        numbers.entry(Line { from: None, to: initial, exit: false }).or_default();
    }
    let rows = i64::try_from(machine.states.len()).unwrap_or(0);
    let removed = numbers.keys().any(|line| line.to.is_none());
    let height = TOP + (rows + i64::from(removed)) * ROW;
    let tip = format!("tip{}", machine.id);
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"machine {}\" font-family=\"sans-serif\" \
         font-size=\"13\" text-anchor=\"middle\" stroke-width=\"1.4\"><defs>{}{}</defs>\n",
        escape(&machine.name),
        marker(&tip, "tip"),
        marker(&format!("exit-{tip}"), "exit-tip")
    );
    boxes(&mut out, machine);
    if numbers.keys().any(|line| line.from.is_none()) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "<circle class=\"dot\" cx=\"{MIDDLE}\" cy=\"10\" r=\"6\"/>");
    }
    if removed {
        let y = TOP + rows * ROW + BOX_HEIGHT / 2;
        let _ = writeln!(out, "<circle class=\"ring\" cx=\"{MIDDLE}\" cy=\"{y}\" r=\"8\"/>");
    }
    lines(&mut out, &numbers, rows, &tip);
    out.push_str("</svg>\n");
    out
}

/// The head of an arrow.
fn marker(id: &str, class: &str) -> String {
    format!(
        "<marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path class=\"{class}\" d=\"M0 0L8 4L0 8z\"/></marker>"
    )
}

fn boxes(out: &mut String, machine: &MachineRow) {
    for (row, state) in (0i64..).zip(&machine.states) {
        let y = TOP + row * ROW;
        let class = if state.reachable { "state" } else { "unreached" };
        let edge = if state.terminal { " terminal" } else { "" };
        let _ = writeln!(
            out,
            "<rect class=\"{class}{edge}\" x=\"{LEFT}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"8\"/>\
             <text x=\"{MIDDLE}\" y=\"{}\">{}</text>",
            y + BOX_HEIGHT / 2 + 4,
            escape(&short(&state.name))
        );
    }
}

fn lines(out: &mut String, numbers: &BTreeMap<Line, Vec<u32>>, rows: i64, tip: &str) {
    // The longer a curve, the farther out it runs.
    let span = |line: &Line| (line.to.unwrap_or(rows) - line.from.unwrap_or(-1)).abs();
    let mut ordered: Vec<(&Line, &Vec<u32>)> = numbers.iter().collect();
    ordered.sort_by_key(|(line, _)| span(line));
    let mut tags = String::new();
    let mut sides = [0usize; 2];
    for (line, numbers) in ordered {
        let drawn = match (line.from, line.to) {
            (None, Some(0)) => straight(16, TOP),
            (Some(from), Some(to)) if to == from + 1 && !line.exit => {
                straight(TOP + from * ROW + BOX_HEIGHT, TOP + to * ROW)
            }
            (Some(from), Some(to)) if from == to => around(TOP + from * ROW, line.exit),
            (from, to) => {
                let up = matches!((from, to), (Some(from), Some(to)) if to < from);
                let count = &mut sides[usize::from(up)];
                *count += 1;
                curve(line, rows, up, *count - 1)
            }
        };
        let (class, tip) = if line.exit { ("exit", format!("exit-{tip}")) } else { ("move", tip.to_owned()) };
        let _ = writeln!(out, "<path class=\"{class}\" d=\"{}\" marker-end=\"url(#{tip})\"/>", drawn.path);
        if !numbers.is_empty() {
            tag(&mut tags, &drawn, &ranges(numbers));
        }
    }
    // Above all lines.
    out.push_str(&tags);
}

fn straight(from: i64, to: i64) -> Drawn {
    Drawn { path: format!("M{MIDDLE} {from}L{MIDDLE} {}", to - 2), x: MIDDLE + 14, y: (from + to) / 2 }
}

/// From a state back to itself: methods on the right, exits on the left.
fn around(top: i64, exit: bool) -> Drawn {
    let (edge, turn) = if exit { (LEFT, LEFT - 40) } else { (RIGHT, RIGHT + 40) };
    let (start, stop) = (top + 8, top + BOX_HEIGHT - 8);
    let path = format!("M{edge} {start}C{turn} {start} {turn} {stop} {edge} {stop}");
    // Outside the curve, which is as narrow as its number.
    let beside = if exit { turn - 6 } else { turn + 6 };
    Drawn { path, x: beside, y: (start + stop) / 2 }
}

/// Numbers that follow each other, as ranges.
fn ranges(numbers: &[u32]) -> String {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match found.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*number) => *last = *number,
            _ => found.push((*number, *number)),
        }
    }
    let shown = found.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    });
    shown.collect::<Vec<_>>().join(",")
}

/// Beside the boxes: down on the right, up on the left; `before` curves run nearer on that side.
fn curve(line: &Line, rows: i64, up: bool, before: usize) -> Drawn {
    let out = (30 + 20 * i64::try_from(before).unwrap_or(0)).min(FARTHEST);
    let (edge, turn) = if up { (LEFT, LEFT - out) } else { (RIGHT, RIGHT + out) };
    let start = line.from.map_or(10, |row| TOP + row * ROW + BOX_HEIGHT / 2 + if up { -4 } else { 4 });
    let stop = line.to.map_or(TOP + rows * ROW + BOX_HEIGHT / 2, |row| {
        TOP + row * ROW + BOX_HEIGHT / 2 + if up { 4 } else { -4 }
    });
    let begin = if line.from.is_some() { edge } else { MIDDLE + 6 };
    let end = if line.to.is_some() { edge } else { MIDDLE + 9 };
    let path = format!("M{begin} {start}C{turn} {start} {turn} {stop} {end} {stop}");
    let after = PLACES.get(before % PLACES.len()).copied().unwrap_or(5);
    let rest = 10 - after;
    // The point of a cubic curve at `after` tenths.
    let at = |from: i64, first: i64, second: i64, to: i64| {
        let weighted = rest * rest * rest * from
            + 3 * rest * rest * after * first
            + 3 * rest * after * after * second
            + after * after * after * to;
        weighted / 1_000
    };
    Drawn { path, x: at(begin, turn, turn, end), y: at(start, start, stop, stop) }
}

fn tag(out: &mut String, drawn: &Drawn, text: &str) {
    let half = 4 + 4 * i64::try_from(text.len()).unwrap_or(1);
    let (x, y) = (drawn.x, drawn.y);
    let _ = writeln!(
        out,
        "<rect class=\"tag\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"16\" rx=\"8\"/>\
         <text font-size=\"11\" x=\"{x}\" y=\"{}\">{text}</text>",
        x - half,
        y - 8,
        2 * half,
        y + 4
    );
}

/// At most so much of a name as fits a box.
fn short(name: &str) -> String {
    if name.chars().count() <= 17 {
        return name.to_owned();
    }
    name.chars().take(16).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn numbers_that_follow_each_other_are_a_range() {
        for (numbers, shown) in [
            (&[4][..], "4"),
            (&[1, 2], "1,2"),
            (&[2, 3, 4, 5, 6], "2-6"),
            (&[1, 3, 4, 5, 9], "1,3-5,9"),
            (&[], ""),
        ] {
            assert_eq!(ranges(numbers), shown);
        }
    }
}
