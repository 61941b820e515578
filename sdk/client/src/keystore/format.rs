//! The bytes of a key file, version 1.
//!
//! Pretty JSON of `KeyFile`'s fields in their order, a newline at the end; binary fields are `0x` and
//! lower-case hexadecimal digits. `checksum` is Keccak-256 of the same text with an empty `checksum`; the
//! associated data of the cipher is that text with an empty `ciphertext` as well, behind the words
//! `chainstack keystore v1`. So whoever opens a key has checked every byte of its file.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use chainstack_primitives::{AccountId, keccak256};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Corruption, KdfParams, KeyInfo, KeyName, KeystoreError};
use crate::{KeyPair, Ss58Prefix, address::parse_ss58, format_address};

/// The version written and read.
pub const VERSION: u64 = 1;

const KDF_NAME: &str = "argon2id";
const CIPHER_NAME: &str = "xchacha20poly1305";
const ASSOCIATED: &[u8] = b"chainstack keystore v1\n";

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    version: u64,
    name: String,
    address: String,
    public_key: String,
    kdf: Kdf,
    cipher: String,
    nonce: String,
    ciphertext: String,
    checksum: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    algorithm: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

/// Read first, so that a file of a later version is called that and not damaged.
#[derive(Deserialize)]
struct AnyVersion {
    version: u64,
}

impl KeyFile {
    fn to_bytes(&self) -> Result<Vec<u8>, KeystoreError> {
        // A struct of texts and numbers always has a JSON form.
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|_| KeystoreError::Corrupt(Corruption::Structure))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn expected_checksum(&self) -> Result<String, KeystoreError> {
        let open = Self { checksum: String::new(), ..self.clone() };
        Ok(keccak256(&open.to_bytes()?).to_string())
    }

    fn associated_data(&self) -> Result<Vec<u8>, KeystoreError> {
        let open = Self { checksum: String::new(), ciphertext: String::new(), ..self.clone() };
        Ok([ASSOCIATED, &open.to_bytes()?].concat())
    }
}

/// A file whose form, checksum, name and address were checked; its secret was not.
struct Checked {
    file: KeyFile,
    info: KeyInfo,
    kdf: KdfParams,
    salt: [u8; 16],
    nonce: [u8; 24],
    ciphertext: [u8; 80],
}

/// Encrypts `pair` into the bytes of a file.
pub(super) fn seal(
    name: &KeyName,
    pair: &KeyPair,
    prefix: Ss58Prefix,
    kdf: KdfParams,
    password: &str,
) -> Result<(KeyInfo, Vec<u8>), KeystoreError> {
    let (salt, nonce): ([u8; 16], [u8; 24]) = (random()?, random()?);
    let account = pair.public();
    let info = KeyInfo { name: name.clone(), address: format_address(&account, prefix), account };
    let mut file = KeyFile {
        version: VERSION,
        name: name.to_string(),
        address: info.address.clone(),
        public_key: digits(account.as_bytes()),
        kdf: Kdf {
            algorithm: KDF_NAME.to_owned(),
            memory_kib: kdf.memory_kib(),
            passes: kdf.passes(),
            lanes: kdf.lanes(),
            salt: digits(&salt),
        },
        cipher: CIPHER_NAME.to_owned(),
        nonce: digits(&nonce),
        ciphertext: String::new(),
        checksum: String::new(),
    };
    let cipher = cipher(&kdf.stretch(password, &salt)?);
    let (secret, associated) = (pair.to_secret_bytes(), file.associated_data()?);
    let payload = Payload { msg: secret.as_slice(), aad: &associated };
    // Refused is only a message of some gigabytes.
    let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| KeystoreError::Memory)?;
    file.ciphertext = digits(&sealed);
    file.checksum = file.expected_checksum()?;
    Ok((info, file.to_bytes()?))
}

/// What the bytes of a file say in the open.
pub(super) fn inspect(name: &KeyName, bytes: &[u8]) -> Result<KeyInfo, KeystoreError> {
    check(name, bytes).map(|checked| checked.info)
}

/// Decrypts the bytes of a file.
pub(super) fn unseal(name: &KeyName, bytes: &[u8], password: &str) -> Result<KeyPair, KeystoreError> {
    let checked = check(name, bytes)?;
    let cipher = cipher(&checked.kdf.stretch(password, &checked.salt)?);
    let associated = checked.file.associated_data()?;
    let payload = Payload { msg: &checked.ciphertext, aad: &associated };
    let opened = cipher.decrypt(&XNonce::from(checked.nonce), payload).map(Zeroizing::new);
    let opened = opened.map_err(|_| KeystoreError::WrongPassword)?;
    let secret_error = KeystoreError::Corrupt(Corruption::Secret);
    let secret = opened.first_chunk::<64>().ok_or(KeystoreError::Corrupt(Corruption::Secret))?;
    let pair = KeyPair::from_secret_bytes(secret).map_err(|_| KeystoreError::Corrupt(Corruption::Secret))?;
    if pair.public() == checked.info.account { Ok(pair) } else { Err(secret_error) }
}

/// A name that no other file has: 64 random bits in hexadecimal.
pub(super) fn random_name() -> Result<String, KeystoreError> {
    Ok(hex::encode(random::<8>()?))
}

fn check(name: &KeyName, bytes: &[u8]) -> Result<Checked, KeystoreError> {
    let structure = |_| KeystoreError::Corrupt(Corruption::Structure);
    let AnyVersion { version } = serde_json::from_slice(bytes).map_err(structure)?;
    if version != VERSION {
        return Err(KeystoreError::UnknownVersion { found: version });
    }
    let file: KeyFile = serde_json::from_slice(bytes).map_err(structure)?;
    if file.to_bytes()? != bytes {
        return Err(KeystoreError::Corrupt(Corruption::Spelling));
    }
    if file.expected_checksum()? != file.checksum {
        return Err(KeystoreError::Corrupt(Corruption::Checksum));
    }
    if file.kdf.algorithm != KDF_NAME {
        return Err(KeystoreError::Corrupt(Corruption::Field("kdf.algorithm")));
    }
    if file.cipher != CIPHER_NAME {
        return Err(KeystoreError::Corrupt(Corruption::Field("cipher")));
    }
    if file.name != name.as_str() {
        return Err(KeystoreError::Corrupt(Corruption::Name));
    }
    let kdf = KdfParams::new(file.kdf.memory_kib, file.kdf.passes, file.kdf.lanes)?;
    let account = AccountId(field("public_key", &file.public_key)?);
    if parse_ss58(&file.address).map(|(_, found)| found) != Ok(account) {
        return Err(KeystoreError::Corrupt(Corruption::Address));
    }
    Ok(Checked {
        info: KeyInfo { name: name.clone(), address: file.address.clone(), account },
        kdf,
        salt: field("kdf.salt", &file.kdf.salt)?,
        nonce: field("nonce", &file.nonce)?,
        ciphertext: field("ciphertext", &file.ciphertext)?,
        file,
    })
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**key).into())
}

fn digits(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// The bytes of a binary field in its one spelling.
fn field<const SIZE: usize>(name: &'static str, text: &str) -> Result<[u8; SIZE], KeystoreError> {
    let mut bytes = [0; SIZE];
    let decoded = text.strip_prefix("0x").map(|digits| hex::decode_to_slice(digits, &mut bytes));
    if matches!(decoded, Some(Ok(()))) && digits(&bytes) == text {
        Ok(bytes)
    } else {
        Err(KeystoreError::Corrupt(Corruption::Field(name)))
    }
}

fn random<const SIZE: usize>() -> Result<[u8; SIZE], KeystoreError> {
    let mut bytes = [0; SIZE];
    getrandom::fill(&mut bytes).map_err(|_| KeystoreError::Randomness)?;
    Ok(bytes)
}
