//! Results of long counts: `tests/campaign/<name>.json`, with the commit they were made at.
//!
//! A result says which paths it exercises. It holds as long as none of them has changed since its commit.

use std::{fs, path::PathBuf, process::Command, sync::OnceLock};

use serde_json::{Map, Value, json};

use super::verdict::Verdict;
use crate::vectors::project;

/// The file of a result.
#[must_use]
pub fn path_of(name: &str) -> PathBuf {
    project().join("tests/campaign").join(format!("{name}.json"))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(project()).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The commit that was checked out when this process first asked, if this is a checkout: a long count belongs to
/// the commit it began at.
#[must_use]
pub fn commit() -> Option<String> {
    static COMMIT: OnceLock<Option<String>> = OnceLock::new();
    COMMIT.get_or_init(|| git(&["rev-parse", "HEAD"])).clone()
}

/// Files among `paths` that differ between `commit` and what is checked out, uncommitted changes included.
/// `None` if that cannot be told.
#[must_use]
pub fn changed_since(commit: &str, paths: &[&str]) -> Option<Vec<String>> {
    // A page of words exercises nothing, nor does a result.
    let apart = [":(exclude)*.md", ":(exclude)tests/campaign"];
    let changed = git(&[&["diff", "--name-only", commit, "--"], paths, &apart].concat())?;
    let added = git(&[&["ls-files", "--others", "--exclude-standard", "--"], paths, &apart].concat())?;
    Some(changed.lines().chain(added.lines()).map(str::to_owned).collect())
}

/// The result called `name`, if there is one.
///
/// # Errors
/// Why there is none: missing, unreadable, or older than what it exercises.
pub fn read(name: &str) -> Result<Map<String, Value>, String> {
    let path = path_of(name);
    let bytes = fs::read(&path)
        .map_err(|_| format!("no result tests/campaign/{name}.json; `make campaign` makes it"))?;
    let result: Map<String, Value> =
        serde_json::from_slice(&bytes).map_err(|error| format!("tests/campaign/{name}.json: {error}"))?;
    let text = |field: &str| result.get(field).and_then(Value::as_str).unwrap_or_default();
    let paths: Vec<&str> = result
        .get("paths")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let made_at = text("commit");
    match changed_since(made_at, &paths) {
        None => Err(format!("tests/campaign/{name}.json was made at the unknown commit `{made_at}`")),
        Some(changed) if !changed.is_empty() => {
            let some = changed.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            Err(format!("the result of {made_at:.12} is older than {} changed files: {some}", changed.len()))
        }
        Some(_) => Ok(result),
    }
}

/// The verdict of a result: its own `passed` and `observed`.
#[must_use]
pub fn verdict(name: &str) -> Verdict {
    match read(name) {
        Err(why) => Verdict::NotRun(why),
        Ok(result) => {
            let text = |field: &str| result.get(field).and_then(Value::as_str).unwrap_or_default();
            let observed = format!("{} (at {:.12})", text("observed"), text("commit"));
            match result.get("passed") {
                Some(Value::Bool(true)) => Verdict::Pass(observed),
                Some(Value::Bool(false)) => Verdict::Fail(observed),
                _ => Verdict::NotRun(format!("unfinished: {observed}")),
            }
        }
    }
}

/// Writes a result. `passed` is `None` while the count is unfinished. `paths` is what it exercises; `more` adds
/// fields such as seed and counts.
///
/// # Errors
/// If this is no checkout, what is exercised is not as committed, or the file cannot be written.
pub fn write(
    name: &str,
    passed: Option<bool>,
    observed: &str,
    paths: &[&str],
    more: Value,
) -> Result<(), String> {
    let commit = commit().ok_or("a result needs the commit it is made at, and this is no checkout")?;
    let changed = changed_since(&commit, paths).ok_or("git does not tell what has changed since")?;
    if let Some(some) = changed.first() {
        return Err(format!(
            "nothing recorded: {some} and {} more are not as in {commit:.12}; commit first",
            changed.len() - 1
        ));
    }
    let mut result = Map::from_iter([
        ("name".to_owned(), json!(name)),
        ("commit".to_owned(), json!(commit)),
        ("passed".to_owned(), json!(passed)),
        ("observed".to_owned(), json!(observed)),
        ("paths".to_owned(), json!(paths)),
    ]);
    if let Value::Object(fields) = more {
        result.extend(fields);
    }
    let path = path_of(name);
    let text = serde_json::to_string_pretty(&result).map_err(|error| error.to_string())? + "\n";
    fs::create_dir_all(path.parent().unwrap_or(&path))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let beside = path.with_extension("json.new");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, &path))
        .map_err(|error| format!("{}: {error}", path.display()))
}
