//! Whether a folder takes files, before something is done that needs it to.

use std::{fs, io, path::Path};

use super::error::CliError;

/// Tries it: writes a file into the folder and removes it. A folder that is not there yet is made when the first
/// file is kept, so its nearest folder that is there is tried.
///
/// # Errors
/// If no file can be written.
pub(super) fn check_writable(folder: &Path) -> Result<(), CliError> {
    let cannot = |error: io::Error| {
        CliError::failed(format!("cannot write in {}: {error}", folder.display()))
            .hint("name another folder with --home or CHAINSTACK_HOME")
    };
    let there = folder.ancestors().find(|ancestor| ancestor.symlink_metadata().is_ok());
    // A relative name of which nothing is there stands in the working folder.
    let there = there.filter(|found| !found.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let probe = there.join(format!(".chainstack-{}.probe", std::process::id()));
    fs::File::options().write(true).create_new(true).open(&probe).map_err(cannot)?;
    fs::remove_file(&probe).map_err(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_could_be_made_is_as_good_as_one_and_a_file_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(check_writable(folder.path()).is_ok());
        assert!(check_writable(&folder.path().join("not/yet/there")).is_ok());
        assert!(!folder.path().join("not").exists(), "nothing is left behind");
        let file = folder.path().join("file");
        fs::write(&file, b"a file").expect("written");
        for below in [file.clone(), file.join("below")] {
            let refused = check_writable(&below).expect_err("no folder");
            assert!(refused.hint.is_some(), "{refused}");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "only the file");
    }
}
