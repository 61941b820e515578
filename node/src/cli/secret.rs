//! Secrets on the command line: every process of the machine can read arguments, so a secret is never one, and what
//! may be one is never repeated in a message.

use chainstack_client::may_be_secret;

use super::error::CliError;

/// Said in place of a text that may be a secret.
pub(super) const NOT_REPEATED: &str = "the text given (not repeated: it may be a secret)";

/// Refuses a text that should name an account if it is a phrase, has a password, or derives from a seed. `//Alice`
/// and its like are public.
///
/// # Errors
/// Exit code 2, with how to keep a key instead.
pub(super) fn refuse(text: &str) -> Result<(), CliError> {
    let derived = text.contains('/') && !text.starts_with("//");
    if !derived && !text.contains("///") && !text.contains(char::is_whitespace) {
        return Ok(());
    }
    Err(CliError::misuse(
        "a phrase, a seed or a password is never an argument: other programs can read it there",
    )
    .hint("keep the key with `chainstack account import NAME`, which asks for it, and give NAME"))
}

/// The text in quotes, or that it is not repeated.
pub(super) fn shown(text: &str) -> String {
    if may_be_secret(text) { NOT_REPEATED.to_owned() } else { format!("`{text}`") }
}

/// `message` without those of `arguments` that may be secrets.
pub(super) fn without<'a>(message: String, arguments: impl Iterator<Item = &'a str>) -> String {
    arguments
        .filter(|argument| may_be_secret(argument))
        .fold(message, |message, argument| message.replace(argument, "(not repeated)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

    #[test]
    fn names_pass_and_secrets_do_not() {
        for name in
            ["//Alice", "//Alice//stash/0", "gold", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"]
        {
            assert!(refuse(name).is_ok(), "{name}");
            assert_eq!(shown(name), format!("`{name}`"));
        }
        let seed = format!("0x{}", "5c".repeat(32));
        for secret in
            [PHRASE, "//Alice///password", "two words", &format!("{seed}//stash"), &format!("{PHRASE}//x")]
        {
            let refused = refuse(secret).expect_err(secret);
            assert!(!refused.to_string().contains(secret) && refused.hint.is_some(), "{refused}");
            assert!(!shown(secret).contains(secret));
        }
        // A seed looks like a public key: it is taken as one, and never repeated.
        assert!(refuse(&seed).is_ok());
        assert!(!shown(&seed).contains(&seed));
    }

    #[test]
    fn messages_lose_only_what_may_be_secret() {
        let message = format!("unexpected argument '{PHRASE}' after 'gold'");
        let said = without(message, [PHRASE, "gold"].into_iter());
        assert_eq!(said, "unexpected argument '(not repeated)' after 'gold'");
    }
}
