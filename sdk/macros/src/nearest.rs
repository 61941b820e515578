//! What a misspelt name may have meant.

/// `; did you mean …?`, or nothing if nothing is near.
pub(crate) fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let near = known.into_iter().map(|known| (distance(name, known), known)).min();
    match near {
        Some((distance, near)) if distance <= 2 && distance < name.len() => {
            format!("; did you mean `{near}`?")
        }
        _ => String::new(),
    }
}

/// Edits that make `from` into `to`.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, left) in from.bytes().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        row[0] = before;
        for (cell, right) in row[1..].iter_mut().zip(to.bytes()) {
            let changed = diagonal + usize::from(left != right);
            diagonal = *cell;
            before = changed.min(before + 1).min(diagonal + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or(0)
}
